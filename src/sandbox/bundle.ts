import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../lib/whole-file.ts";
import type { ContainerPaths, ContainerSpec } from "./spec.ts";

/** The capabilities that Docker gives by default: without NET_ADMIN, with NET_RAW for ping. */
const capabilities = [
	"CHOWN",
	"DAC_OVERRIDE",
	"FSETID",
	"FOWNER",
	"MKNOD",
	"NET_RAW",
	"SETGID",
	"SETUID",
	"SETFCAP",
	"SETPCAP",
	"NET_BIND_SERVICE",
	"SYS_CHROOT",
	"KILL",
	"AUDIT_WRITE",
].map((name) => `CAP_${name}`);

const masked = [
	"/proc/acpi",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
];
const readonly = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const defaultEnv = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"];

/** The name server of the sandbox, and the host's search domains. */
export interface Resolving {
	readonly nameserver: string;
	/** "address name …" of the container itself. */
	readonly hosts: readonly string[];
}

/** Writes the bundle (OCI runtime specification 1.0) and the files that are mounted into it; last the spec, which makes it a container. */
export async function writeBundle(
	spec: ContainerSpec,
	paths: ContainerPaths,
	{ nameserver, hosts }: Resolving,
): Promise<void> {
	for (const dir of [paths.bundle, paths.etc, paths.persist]) await mkdir(dir, { recursive: true, mode: 0o711 });
	await writeHosts(paths, hosts);
	await writeFile(join(paths.etc, "hostname"), `${spec.hostname}\n`);
	const search = await searchDomains();
	await writeFile(
		join(paths.etc, "resolv.conf"),
		`nameserver ${nameserver}\n${search === "" ? "" : `search ${search}\n`}options ndots:0\n`,
	);
	await writeFile(paths.config, JSON.stringify(config(spec, paths), undefined, "\t"));
	await writeWhole(paths.spec, JSON.stringify(spec));
}

/** @param hosts "address name …" of the container itself. */
export async function writeHosts(paths: ContainerPaths, hosts: readonly string[]): Promise<void> {
	const local = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"];
	await writeFile(paths.hosts, `${[...local, ...hosts].join("\n")}\n`);
}

async function searchDomains(): Promise<string> {
	const text = await readFile("/etc/resolv.conf", "utf8").catch(() => "");
	return /^\s*search\s+(.+)$/m.exec(text)?.[1]?.trim() ?? "";
}

function config(spec: ContainerSpec, paths: ContainerPaths): object {
	const named = new Set(spec.env.map((one) => one.split("=")[0]));
	const defaults = [...defaultEnv, ...(spec.tty ? ["TERM=xterm"] : [])].filter((one) => !named.has(one.split("=")[0]));
	return {
		ociVersion: "1.0.2",
		process: {
			terminal: spec.tty,
			user: { uid: 0, gid: 0 },
			args: spec.command,
			env: [...defaults, ...spec.env],
			cwd: spec.workdir,
			capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
			noNewPrivileges: false,
		},
		root: { path: "rootfs", readonly: false },
		hostname: spec.hostname,
		mounts: mounts(paths),
		linux: {
			cgroupsPath: `/weft-${spec.id}`,
			namespaces: [
				{ type: "pid" },
				{ type: "ipc" },
				{ type: "uts" },
				{ type: "mount" },
				{ type: "network", path: spec.netns },
			],
			resources: { devices: [{ allow: false, access: "rwm" }] },
			maskedPaths: masked,
			readonlyPaths: readonly,
		},
	};
}

function mounts(paths: ContainerPaths): object[] {
	const safe = ["nosuid", "noexec", "nodev"];
	const own = ["hosts", "hostname", "resolv.conf"].map((file) => ({
		destination: `/etc/${file}`,
		type: "bind",
		source: join(paths.etc, file),
		options: ["rbind", "rprivate"],
	}));
	return [
		{ destination: "/proc", type: "proc", source: "proc", options: safe },
		{
			destination: "/dev",
			type: "tmpfs",
			source: "tmpfs",
			options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
		},
		{
			destination: "/dev/pts",
			type: "devpts",
			source: "devpts",
			options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
		},
		{ destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...safe, "mode=1777", "size=65536k"] },
		{ destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: safe },
		{ destination: "/sys", type: "sysfs", source: "sysfs", options: [...safe, "ro"] },
		...own,
	];
}

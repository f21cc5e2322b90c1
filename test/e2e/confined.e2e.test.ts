import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { confined, rights } from "../../src/agent/confined.ts";
import type { StatusView } from "../../src/model/view.ts";
import { needs } from "../needs.ts";
import { eventually, TestLab, weftProgram, withLab } from "./with-lab.ts";

/** Bits of linux/capability.h. */
const bits: Readonly<Record<(typeof rights)[keyof typeof rights]["capabilities"][number], number>> = {
	chown: 0,
	dac_override: 1,
	fowner: 3,
	fsetid: 4,
	kill: 5,
	setgid: 6,
	setuid: 7,
	setpcap: 8,
	net_bind_service: 10,
	net_broadcast: 11,
	net_admin: 12,
	net_raw: 13,
	sys_chroot: 18,
	sys_ptrace: 19,
	sys_admin: 21,
	sys_resource: 24,
	mknod: 27,
	audit_write: 29,
	setfcap: 31,
};

interface Held {
	readonly bounding: bigint;
	readonly effective: bigint;
	readonly noNewPrivileges: boolean;
}

/** @returns What a thread holds. */
function held(status: string): Held {
	const field = (name: string) => new RegExp(`^${name}:\\t(\\w+)$`, "m").exec(status)?.[1] ?? "";
	return {
		bounding: BigInt(`0x${field("CapBnd")}`),
		effective: BigInt(`0x${field("CapEff")}`),
		noNewPrivileges: field("NoNewPrivs") === "1",
	};
}

/** Of each thread: a process is as strong as its strongest. */
function threadsOf(pid: number): Held[] {
	const threads = readdirSync(`/proc/${pid}/task`);
	assert.ok(threads.length > 1);
	return threads.map((thread) => held(readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8")));
}

function pidOf(lab: TestLab, who: keyof typeof rights): number {
	const status = JSON.parse(lab.weft("host1", "status", "--format", "json")) as StatusView;
	return lab.machinePid("host1", (who === "agent" ? status.pid : status.names.pid) ?? 0);
}

test(
	"each process holds the capabilities that it needs, and no others",
	{ skip: needs("root", "runc", "conmon") },
	(t) =>
		withLab("confine", 1, async (lab) => {
			// A machine may lack some itself.
			const own = held(readFileSync("/proc/self/status", "utf8")).bounding;
			for (const who of ["agent", "names"] as const)
				await t.test(who, () => {
					const wanted = rights[who].capabilities.reduce((mask, name) => mask | (1n << BigInt(bits[name])), 0n) & own;
					for (const thread of threadsOf(pidOf(lab, who)))
						assert.deepEqual(thread, {
							bounding: wanted,
							effective: wanted,
							noNewPrivileges: rights[who].noNewPrivileges,
						});
				});

			await t.test(
				"a container holds what Docker gives by default: no more than the agent, and without NET_ADMIN",
				() => {
					lab.weft("host1", "network", "create", "blue");
					lab.sleeper("host1", "one", "blue");
					const status = lab.weft("host1", "exec", "one", "cat", "/proc/1/status");
					const { bounding, effective } = held(status);
					assert.equal(bounding, 0xa80425fbn);
					assert.equal(effective, 0xa80425fbn);
				},
			);

			await t.test("no other user of the host reaches what is in a container", () => {
				const { id, rootfs = "" } = lab.inspect("host1", "one");
				lab.weft("host1", "exec", "one", "sh", "-c", "cp /bin/busybox /bin/rootly && chmod 4755 /bin/rootly");
				// A shell of his own: setpriv has root's rights until it has begun another program.
				const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
				const upper = `/var/lib/weft/containers/${id}/upper/bin/rootly`;
				assert.equal(lab.run("host1", "test", "-u", upper).code, 0);
				for (const path of [upper, `${rootfs}/bin/rootly`, `/proc/${lab.inspect("host1", "one").pid}/root/bin/rootly`])
					assert.match(lab.run("host1", ...nobody, "sh", "-c", `exec ${path} id`).stderr, /Permission denied/, path);
				assert.match(lab.run("host1", ...nobody, "ls", "/var/lib/weft/containers").stderr, /Permission denied/);
			});

			await t.test("a process with more rights than the names process is attached, and answered", () => {
				lab.run("host1", "sh", "-c", "unshare --net sleep 1d >/dev/null 2>&1 & echo $! >/run/other; sleep 0.3");
				const pid = lab.run("host1", "cat", "/run/other").stdout.trim();
				lab.weft("host1", "attach", "--network", "blue", "--name", "other", pid);
				const asked = lab.run(
					"host1",
					"nsenter",
					`--net=/proc/${pid}/ns/net`,
					"busybox",
					"nslookup",
					"one",
					"127.0.0.11",
				);
				assert.match(asked.stdout, /10\.0\.0\.2/);
				lab.run("host1", "kill", pid);
			});
		}),
);

test("the names process serves from behind mounts of its own, as systemd gives it", {
	skip: needs("root", "runc", "conmon"),
}, async () => {
	const test = new TestLab("mounts");
	await test.lab.down();
	try {
		await test.lab.up({ hosts: 1, agents: false, onProgress: () => {} });
		// A host's /run is shared: what is mounted there comes into the slaves of it, and nothing of theirs out.
		test.lab.exec("host1", ["sh", "-c", "mount --make-shared /run && mkdir -p /run/weft"]);
		const names = [weftProgram, "names", "--socket", "/run/weft/names.sock", "--state", "/run/weft/names.json"];
		const script = 'mount -o remount,bind,ro / && exec "$@"';
		const slave = [
			"unshare",
			"--mount",
			"--propagation",
			"slave",
			"sh",
			"-c",
			script,
			"sh",
			...confined("names", names),
		];
		const serves = () => test.run("host1", "test", "-S", "/run/weft/names.sock").code === 0;
		const serverIs = (wanted: "managed" | "the agent's") => {
			const { state, pid } = (JSON.parse(test.run("host1", "weft", "status", "--format", "json").stdout) as StatusView)
				.names;
			if (state !== "serving" || pid === undefined || test.run("host1", "test", "-d", `/proc/${pid}`).code !== 0)
				return false;
			const [names, agent] = [test.machinePid("host1", pid), pidOf(test, "agent")];
			const isApart = readlinkSync(`/proc/${names}/ns/mnt`) !== readlinkSync(`/proc/${agent}/ns/mnt`);
			return isApart === (wanted === "managed");
		};
		test.lab.spawn("host1", slave, "ignore");
		await eventually("it serves", 5_000, serves);
		// The agent believes that a manager starts the names process.
		test.lab.exec("host1", ["env", "NOTIFY_SOCKET=/run/nobody", "weft", "launch"]);
		test.weft("host1", "network", "create", "blue");
		test.sleeper("host1", "one", "blue");
		test.sleeper("host1", "two", "blue");
		const answers = () => test.run("host1", "weft", "exec", "one", "nslookup", "two").stdout.includes("10.0.0.3");
		assert.ok(answers() && serverIs("managed"));

		process.kill(pidOf(test, "names"), "SIGKILL");
		test.lab.spawn("host1", slave, "ignore");
		await eventually("the agent left it to the manager", 5_000, () => answers() && serverIs("managed"));

		process.kill(pidOf(test, "names"), "SIGKILL");
		await eventually("the agent starts it when nobody else does", 10_000, () => answers() && serverIs("the agent's"));
	} finally {
		await test.lab.down();
	}
});

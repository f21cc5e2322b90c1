import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestCertificates } from "./certificates.ts";
import { freePort, ownLoopback } from "./free-port.ts";
import { ServerProcess } from "./server-process.ts";

const run = promisify(execFile);

interface EtcdOptions {
	readonly members?: number;
	readonly certificates?: TestCertificates;
}

interface Place {
	readonly name: string;
	readonly host: string;
	/** Ports. */
	readonly client: number;
	readonly peer: number;
}

/** A real etcd of one member or more, on loopback, with a disk of its own. */
export class TestEtcd {
	readonly dir: string;
	readonly urls: readonly string[];
	readonly members: readonly ServerProcess[];
	readonly #certificates: TestCertificates | undefined;
	readonly #cluster: string;

	private constructor(dir: string, places: readonly Place[], { certificates }: EtcdOptions) {
		this.dir = dir;
		// Certificates have a name.
		this.urls = places.map(({ host, client }) =>
			certificates === undefined ? `http://${host}:${client}` : `https://localhost:${client}`,
		);
		this.#certificates = certificates;
		this.#cluster = places.map(({ name, host, peer }) => `${name}=http://${host}:${peer}`).join(",");
		this.members = places.map((place, n) => new ServerProcess(this.#argv(place, this.urls[n] ?? "")));
	}

	#argv({ name, host, client, peer }: Place, url: string): string[] {
		const listen = url.startsWith("https:") ? `https://127.0.0.1:${client}` : url;
		const peerUrl = `http://${host}:${peer}`;
		return [
			...["etcd", "--name", name, "--data-dir", join(this.dir, name), "--unsafe-no-fsync"],
			...["--listen-client-urls", listen, "--advertise-client-urls", url],
			...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
			...["--initial-cluster", this.#cluster, "--heartbeat-interval", "50", "--election-timeout", "500"],
			...tlsFlags(this.#certificates),
		];
	}

	static async start(options: EtcdOptions = {}): Promise<TestEtcd> {
		const dir = mkdtempSync(join(tmpdir(), "weft-etcd-"));
		const host = ownLoopback();
		const places = [];
		for (let n = 0; n < (options.members ?? 1); n++)
			places.push({ name: `m${n}`, host, client: await freePort(host), peer: await freePort(host) });
		const etcd = new TestEtcd(dir, places, options);
		try {
			await etcd.ready();
		} catch (error) {
			await etcd.close();
			throw error;
		}
		return etcd;
	}

	/** Waits until every member serves. */
	async ready(): Promise<void> {
		await Promise.all(this.members.map((member, n) => member.until(() => this.ctlAt(n, "get", "ready"))));
	}

	/** Runs `etcdctl`. @returns What it printed. */
	ctl(...args: string[]): Promise<string> {
		return this.ctlAt(0, ...args);
	}

	async ctlAt(member: number, ...args: string[]): Promise<string> {
		const files = this.#certificates?.files;
		const tls = files === undefined ? [] : ["--cacert", files.ca, "--cert", files.cert, "--key", files.key];
		const { stdout } = await run("etcdctl", ["--endpoints", this.urls[member] ?? "", ...tls, ...args], {
			env: { ...process.env, ETCDCTL_API: "3" },
			timeout: 10_000,
		});
		return stdout.trim();
	}

	/** Puts a backup in the place of what the only member holds, as an operator would: it starts anew with that. */
	async restore(backup: string): Promise<void> {
		const [member] = this.members;
		await member?.kill();
		const place = join(this.dir, "m0");
		rmSync(place, { recursive: true });
		const peers = [
			"--initial-cluster",
			this.#cluster,
			"--initial-advertise-peer-urls",
			this.#cluster.replace("m0=", ""),
		];
		await this.ctl("snapshot", "restore", backup, "--name", "m0", "--data-dir", place, ...peers);
		member?.start();
		await this.ready();
	}

	async close(): Promise<void> {
		await Promise.all(this.members.map((member) => member.kill()));
		rmSync(this.dir, { recursive: true, force: true });
	}
}

function tlsFlags(certificates: TestCertificates | undefined): string[] {
	if (certificates === undefined) return [];
	const { ca, serverCert, serverKey } = certificates.files;
	return ["--cert-file", serverCert, "--key-file", serverKey, "--trusted-ca-file", ca, "--client-cert-auth"];
}

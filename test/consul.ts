import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestCertificates } from "./certificates.ts";
import { freePort, ownLoopback } from "./free-port.ts";
import { ServerProcess } from "./server-process.ts";

const run = promisify(execFile);

/** Where scripts/setup.sh builds it: no package holds it. */
export const consulProgram = join(
	process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"),
	"weft-test/consul-1.12.9/consul",
);

interface ConsulOptions {
	readonly servers?: number;
	readonly certificates?: TestCertificates;
	/** The secret of the token that may do anything; all others may do nothing then. */
	readonly rootToken?: string;
	/** Where it listens; loopback when omitted. */
	readonly address?: string;
	/** Puts a command in front, to run it elsewhere. */
	readonly within?: readonly string[];
}

/** A real Consul of one server or more, with a disk of its own. */
export class TestConsul {
	readonly dir: string;
	readonly urls: readonly string[];
	readonly servers: readonly ServerProcess[];
	readonly #options: ConsulOptions;

	private constructor(dir: string, urls: readonly string[], options: ConsulOptions) {
		this.dir = dir;
		this.urls = urls;
		this.#options = options;
		this.servers = urls.map(
			(_, n) =>
				new ServerProcess([
					...(options.within ?? []),
					consulProgram,
					"agent",
					"-config-file",
					join(dir, `${n}.json`),
					"-data-dir",
					join(dir, `${n}`),
				]),
		);
	}

	static async start(options: ConsulOptions = {}): Promise<TestConsul> {
		if (!existsSync(consulProgram)) throw new Error(`Cannot start Consul: ${consulProgram} is missing; make setup`);
		const dir = mkdtempSync(join(tmpdir(), "weft-consul-"));
		const host = options.address ?? ownLoopback();
		const ports = [];
		for (let n = 0; n < (options.servers ?? 1); n++) ports.push(await portsOfServer(host));
		for (const [n, own] of ports.entries()) {
			mkdirSync(join(dir, `${n}`));
			const join_ = ports.map(({ serf_lan }) => `${host}:${serf_lan}`);
			writeFileSync(join(dir, `${n}.json`), JSON.stringify(config(`s${n}`, host, { own, join: join_ }, options)));
		}
		const origin = options.certificates === undefined ? `http://${host}` : "https://localhost";
		const consul = new TestConsul(
			dir,
			ports.map(({ http }) => `${origin}:${http}`),
			options,
		);
		try {
			await consul.ready();
		} catch (error) {
			await consul.close();
			throw error;
		}
		return consul;
	}

	/** Waits until every server knows a leader, and all know each other. */
	async ready(): Promise<void> {
		await Promise.all(this.servers.map((server, n) => server.until(() => this.#answers(n))));
	}

	async #answers(n: number): Promise<void> {
		const peers = await this.ctlAt(n, "operator", "raft", "list-peers");
		if (!/leader/.test(peers) || peers.split("\n").length <= this.servers.length) throw new Error(peers);
		await this.ctlAt(n, "kv", "get", "-keys");
	}

	/** Runs `consul`. @returns What it printed. */
	ctl(...args: string[]): Promise<string> {
		return this.ctlAt(0, ...args);
	}

	async ctlAt(n: number, ...args: string[]): Promise<string> {
		const { certificates, rootToken, within = [] } = this.#options;
		const files = certificates?.files;
		const [program = "", ...rest] = [...within, consulProgram, ...args];
		const { stdout } = await run(program, rest, {
			env: {
				...process.env,
				CONSUL_HTTP_ADDR: this.urls[n] ?? "",
				...(rootToken === undefined ? {} : { CONSUL_HTTP_TOKEN: rootToken }),
				...(files === undefined
					? {}
					: { CONSUL_CACERT: files.ca, CONSUL_CLIENT_CERT: files.cert, CONSUL_CLIENT_KEY: files.key }),
			},
			timeout: 10_000,
		});
		return stdout.trim();
	}

	async close(): Promise<void> {
		await Promise.all(this.servers.map((server) => server.kill()));
		rmSync(this.dir, { recursive: true, force: true });
	}
}

/** @param host What is no address of this network namespace has all ports free. */
async function portsOfServer(host: string) {
	const port = () => freePort(host.startsWith("127.") ? host : "127.0.0.1");
	return { http: await port(), server: await port(), serf_lan: await port(), serf_wan: await port() };
}

function config(
	name: string,
	host: string,
	{ own, join }: { own: Awaited<ReturnType<typeof portsOfServer>>; join: readonly string[] },
	{ certificates, rootToken }: ConsulOptions,
) {
	const { http, ...others } = own;
	const files = certificates?.files;
	const https = files && {
		ca_file: files.ca,
		cert_file: files.serverCert,
		key_file: files.serverKey,
		verify_incoming: true,
	};
	return {
		node_name: name,
		server: true,
		bootstrap_expect: join.length,
		retry_join: join,
		retry_interval: "1s",
		bind_addr: host,
		// Certificates have a name.
		client_addr: https ? "127.0.0.1" : host,
		ports: { ...others, dns: -1, grpc: -1, ...(https ? { http: -1, https: http } : { http }) },
		performance: { raft_multiplier: 1 },
		disable_update_check: true,
		...(https ? { tls: { https } } : {}),
		...(rootToken === undefined
			? {}
			: { acl: { enabled: true, default_policy: "deny", tokens: { initial_management: rootToken } } }),
	};
}

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAgent } from "../client/client.ts";
import type { HostFacts } from "../kernel/kernel.ts";
import { openLinuxKernel } from "../kernel/linux.ts";
import { causeText, isWeftError, WeftError } from "../model/error.ts";
import type { Launched, LaunchOptions, LaunchReport } from "../model/launch.ts";
import type { Service } from "../model/service.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import { type Identity, nextIdentity, readIdentity, underlayMtuBytes, writeIdentity } from "./identity.ts";
import { joinCluster } from "./join-client.ts";
import { pathStep } from "./path-report.ts";
import { paths } from "./paths.ts";
import { writeCredentials } from "./pki.ts";

const startTimeoutMs = 15_000;

/**
 * Makes this host a member and starts its agent; tells each finding as soon as it is known.
 * @throws {WeftError} NOT_PERMITTED, AGENT_ALREADY_RUNNING, ADDRESS_INVALID, TOKEN_*, STORE_*, TIMEOUT
 */
export async function launch(options: LaunchOptions, report: LaunchReport): Promise<Launched> {
	if (process.getuid?.() !== 0) {
		throw new WeftError("NOT_PERMITTED", "Cannot launch the agent: it changes network devices, and you are not root", {
			fix: "sudo weft launch",
		});
	}
	await refuseSecond(options);
	mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
	const identity = await prepare(options, report);
	for (const program of ["/usr/bin/runc", "/usr/bin/conmon"].filter(
		(path) => !existsSync(path) && !existsSync(path.replace("bin", "sbin")),
	))
		report({
			subject: "containers",
			outcome: "warning",
			detail: `${program} is missing: weft run will not work, weft attach will`,
			fix: "apt-get install runc conmon busybox-static",
		});
	const pid = startAgent(options);
	const client = await answers(options, pid);
	await testPaths(client, report);
	const hosts = await client.hosts();
	report({
		subject: "agent",
		outcome: "ok",
		detail: `pid ${pid}, ${hosts.length} ${hosts.length === 1 ? "host" : "hosts"} in the cluster`,
	});
	return {
		pid,
		next:
			identity.storeUrl.startsWith("weft:") || hosts.length > 1
				? ["weft network ls", "weft run -it --network NAME -- sh"]
				: ["weft token", "weft network create NAME"],
	};
}

async function testPaths(client: Service, report: LaunchReport): Promise<void> {
	try {
		for (const path of await client.testPaths()) report(pathStep(path));
	} catch (error) {
		report({
			subject: "hosts",
			outcome: "warning",
			detail: `the ways to other hosts are not tested: ${causeText(error)}`,
		});
	}
}

async function refuseSecond(options: LaunchOptions): Promise<void> {
	try {
		const { pid } = await connectAgent({ socketPath: options.socketPath }).status();
		throw new WeftError(
			"AGENT_ALREADY_RUNNING",
			`Cannot launch the agent: one runs already (pid ${pid}, ${options.socketPath})`,
			{
				fix: "weft status shows it",
			},
		);
	} catch (error) {
		if (!isWeftError(error, "AGENT_UNREACHABLE")) throw error;
	}
}

async function prepare(options: LaunchOptions, report: LaunchReport): Promise<Identity> {
	const kernel = openLinuxKernel();
	const local = await openSqliteStore(paths.localDb(options));
	try {
		const former = await readIdentity(local);
		const facts = kernel.facts();
		const chosen = nextIdentity(former, options, facts);
		reportUnderlay(chosen, facts, report);
		const identity = options.join === undefined ? chosen : { ...chosen, storeUrl: await join(options, chosen, report) };
		await writeIdentity(local, identity);
		return identity;
	} finally {
		await local.close();
		kernel.close();
	}
}

function reportUnderlay(identity: Identity, facts: HostFacts, report: LaunchReport): void {
	const dev = facts.links.find(({ addresses }) => addresses.includes(identity.vtep))?.name ?? "";
	report({ subject: "address", outcome: "ok", detail: `${identity.vtep} on ${dev}` });
	const mtuBytes = underlayMtuBytes(identity.vtep, facts);
	report({ subject: "MTU", outcome: "ok", detail: `${mtuBytes} bytes, ${mtuBytes - 50} inside the overlay` });
}

async function join(options: LaunchOptions, identity: Identity, report: LaunchReport): Promise<string> {
	const credentials = await joinCluster(options.join ?? "", { hostName: identity.name });
	writeCredentials(paths.pki(options), credentials);
	report({ subject: "token", outcome: "ok", detail: `accepted: the store is ${credentials.storeUrl}` });
	return credentials.storeUrl;
}

/** Starts the agent as a process of its own: it outlives this one and its terminal. */
function startAgent(options: LaunchOptions): number {
	const log = openSync(paths.agentLog(options), "a", 0o600);
	const child = spawn(
		process.execPath,
		[
			...process.execArgv,
			process.argv[1] ?? "",
			"agent",
			"--state-dir",
			options.stateDir,
			"--run-dir",
			options.runDir,
			"--socket",
			options.socketPath,
		],
		{ detached: true, stdio: ["ignore", log, log], cwd: "/" },
	);
	child.unref();
	if (child.pid === undefined) throw new WeftError("INTERNAL", "Cannot start the agent: the process was not made");
	return child.pid;
}

async function answers(options: LaunchOptions, pid: number): Promise<Service> {
	const client = connectAgent({ socketPath: options.socketPath });
	const deadline = performance.now() + startTimeoutMs;
	for (;;) {
		try {
			await client.status();
			return client;
		} catch (error) {
			const running = isRunning(pid);
			if (running && performance.now() < deadline) {
				await sleep(50);
				continue;
			}
			throw new WeftError(
				running ? "TIMEOUT" : "INTERNAL",
				running
					? `Cannot see the agent answer within ${startTimeoutMs} ms (pid ${pid})`
					: "Cannot start the agent: it ended at once",
				{ fix: `see the end of ${paths.agentLog(options)}`, cause: error },
			);
		}
	}
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

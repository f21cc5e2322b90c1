import { mkdirSync } from "node:fs";
import { claimSocket } from "../api/socket.ts";
import type { HostFacts } from "../kernel/kernel.ts";
import { openLinuxKernel } from "../kernel/linux.ts";
import { causeText, isWeftError, WeftError } from "../model/error.ts";
import { keys } from "../model/keys.ts";
import type { Launched, LaunchOptions, LaunchReport } from "../model/launch.ts";
import type { Service } from "../model/service.ts";
import { program } from "../sandbox/programs.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { answers, startAgent } from "./agent-process.ts";
import { writeCredentials } from "./credentials.ts";
import { agentPort, type Identity, nextIdentity, readIdentity, writeIdentity } from "./identity.ts";
import { checkListen } from "./listener.ts";
import { pathStep } from "./path-report.ts";
import { paths } from "./paths.ts";
import { vxlanPortProblem } from "./problems.ts";
import { openRemoteStore } from "./remote-store.ts";
import {
	credentialsFor,
	readStoreCredentials,
	type StoreCredentials,
	writeStoreCredentials,
} from "./store-credentials.ts";
import { storeSchemeOf } from "./store-url.ts";
import { underlayNow } from "./underlay.ts";

/** Should the launch be killed meanwhile, its key goes soon. */
const rightsCheckSeconds = 10;

/**
 * Makes this host a member and starts its agent; tells each finding as soon as it is known.
 * @throws {WeftError} AGENT_ALREADY_RUNNING, CONFIG_INVALID, PORT_IN_USE, ADDRESS_INVALID, TOKEN_*, STORE_*, TIMEOUT
 */
export async function launch(options: LaunchOptions, report: LaunchReport): Promise<Launched> {
	if (options.join !== undefined && (options.store !== undefined || options.storeFlags !== undefined))
		throw new WeftError(
			"ARGUMENT_INVALID",
			"Cannot join and use a store of your own: the token says where the store is",
			{
				fix: "omit --store and what belongs to it, or omit --join",
			},
		);
	try {
		await claimSocket(options.socketPath);
	} catch (running) {
		if (options.join === undefined || !isWeftError(running, "AGENT_ALREADY_RUNNING")) throw running;
		const { rejoin } = await import("./rejoin.ts");
		const { client, ...rejoined } = await rejoin(options, report, running);
		return { pid: rejoined.pid, next: await lookAround(client, { ...rejoined, credentials: {}, report }) };
	}
	mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
	const {
		identity: { storeUrl },
		credentials,
	} = await prepare(options, report);
	reportPrograms(report);
	reportVxlanPort(report);
	if (options.foreground === undefined) {
		const agent = startAgent(options);
		const { pid } = agent;
		return { pid, next: await lookAround(await answers(options, agent), { storeUrl, credentials, pid, report }) };
	}
	const { runAgent } = await import("./main.ts");
	const ended = runAgent(options, options.foreground);
	const { pid } = process;
	const client = await Promise.race([answers(options, { pid, failure: () => undefined }), ended]);
	return {
		pid,
		next: client === undefined ? [] : await lookAround(client, { storeUrl, credentials, pid, report }),
		ended,
	};
}

interface Seen {
	readonly storeUrl: string;
	/** What the store wants to be shown. */
	readonly credentials: StoreCredentials;
	readonly pid: number;
	readonly report: LaunchReport;
}

/** Tells how the cluster looks from here. @returns The commands to type now. */
async function lookAround(client: Service, { storeUrl, credentials, pid, report }: Seen): Promise<string[]> {
	await testPaths(client, report);
	const hosts = await client.hosts();
	report({
		subject: "agent",
		outcome: "ok",
		detail: `pid ${pid}, ${hosts.length} ${hosts.length === 1 ? "host" : "hosts"} in the cluster`,
	});
	if (hosts.length > 1) return ["weft network ls", "weft run -it --network NAME -- sh"];
	return [wayIn(storeUrl, credentials), "weft network create NAME"];
}

/** @returns How another host comes into the cluster: by a token from here, or by the store and what that wants to be shown. */
function wayIn(storeUrl: string, credentials: StoreCredentials): string {
	if (!isOwnStore(storeUrl)) return "weft token";
	const flags = Object.keys(credentials).length > 0 ? ", with the same --store-… flags as here" : "";
	return `weft launch --store ${storeUrl}${flags}`;
}

function isOwnStore(storeUrl: string): boolean {
	return ["etcd", "consul"].includes(storeSchemeOf(storeUrl));
}

function reportPrograms(report: LaunchReport): void {
	for (const name of ["runc", "conmon", "busybox"] as const) {
		try {
			program(name);
		} catch (error) {
			if (!isWeftError(error, "PROGRAM_MISSING")) throw error;
			const detail = `${name} is missing: weft run will not work, weft attach will`;
			report({
				subject: "containers",
				outcome: "warning",
				detail,
				...(error.fix === undefined ? {} : { fix: error.fix }),
			});
		}
	}
}

/** It may be freed later, and nothing but overlays needs it: no reason not to start. */
function reportVxlanPort(report: LaunchReport): void {
	const problem = vxlanPortProblem();
	if (problem === undefined) return;
	const { message, fix } = problem;
	report({ subject: "VXLAN", outcome: "warning", detail: message, ...(fix === undefined ? {} : { fix }) });
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

interface Prepared {
	readonly identity: Identity;
	readonly credentials: StoreCredentials;
}

async function prepare(options: LaunchOptions, report: LaunchReport): Promise<Prepared> {
	const kernel = openLinuxKernel();
	const local = await openSqliteStore(paths.localDb(options), { create: true });
	try {
		const former = await readIdentity(local);
		const facts = kernel.facts();
		const chosen = nextIdentity(former, options, facts);
		reportUnderlay(chosen, facts, report);
		// Before the token is used up, and anything is written.
		await checkListen({ address: chosen.vtep, port: agentPort });
		const identity =
			options.join === undefined ? chosen : { ...chosen, storeUrl: await joinByToken(options, chosen, report) };
		const wasMember = options.join === undefined && former?.storeUrl === identity.storeUrl;
		const { storeUrl } = identity;
		const credentials = credentialsFor(storeUrl, options.storeFlags ?? {}, readStoreCredentials(options, storeUrl));
		await checkStore(identity, { options, credentials, wasMember, report });
		if (options.storeFlags !== undefined) await writeStoreCredentials(options, { storeUrl, credentials });
		await writeIdentity(local, identity);
		return { identity, credentials };
	} finally {
		await local.close();
		kernel.close();
	}
}

function reportUnderlay(identity: Identity, facts: HostFacts, report: LaunchReport): void {
	report({ subject: "address", outcome: "ok", detail: `${identity.vtep} on ${identity.underlayDev}` });
	const mtuBytes = underlayNow(identity, facts)?.mtuBytes ?? 0;
	report({ subject: "MTU", outcome: "ok", detail: `${mtuBytes} bytes, ${mtuBytes - 50} inside the overlay` });
}

async function joinByToken(options: LaunchOptions, identity: Identity, report: LaunchReport): Promise<string> {
	const { joinCluster } = await import("./join-client.ts");
	const credentials = await joinCluster(options.join ?? "", { hostName: identity.name });
	await writeCredentials(paths.pki(options), credentials);
	report({ subject: "token", outcome: "ok", detail: `accepted: the store is ${credentials.storeUrl}` });
	return credentials.storeUrl;
}

interface StoreCheck {
	readonly options: LaunchOptions;
	readonly credentials: StoreCredentials;
	readonly wasMember: boolean;
	readonly report: LaunchReport;
}

/** A host that was a member already goes on without the store; one that was not could not begin. */
async function checkStore(
	{ id, storeUrl }: Identity,
	{ options, credentials, wasMember, report }: StoreCheck,
): Promise<void> {
	if (storeSchemeOf(storeUrl) === "sqlite") {
		// One that this host served already is not replaced: the agent says that it is gone.
		if (!wasMember) await (await openSqliteStore(paths.storeDb(options), { create: true })).close();
		return;
	}
	const store = await openRemoteStore(storeUrl, options, credentials);
	try {
		await store.get(keys.host(id));
		if (isOwnStore(storeUrl)) await checkRights(store, id);
		report({ subject: "store", outcome: "ok", detail: `${storeUrl} answers` });
	} catch (error) {
		if (!wasMember || !isWeftError(error, "STORE_UNREACHABLE", "TIMEOUT")) throw error;
		report({
			subject: "store",
			outcome: "warning",
			detail: `${storeUrl} does not answer: going on with what this host knows of it`,
			fix: "check that its host is up",
		});
	} finally {
		await store.close();
	}
}

/** All that an agent does to a store of the user's own. @throws {WeftError} STORE_REFUSED, and what says that it does not answer. */
async function checkRights(store: Store, id: string): Promise<void> {
	await store.list(keys.hosts);
	const lease = await store.lease(rightsCheckSeconds);
	await store.txn([], [{ put: keys.rightsCheck(id), value: "", lease: lease.id }]);
	await lease.revoke();
}

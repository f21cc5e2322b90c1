import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PictureChange } from "../../src/dns/picture.ts";
import { frugalEnv, frugalFlags } from "../../src/lib/frugal.ts";
import { type Ipv4, ipv4FromNumber } from "../../src/model/address.ts";
import { prefix } from "../../src/model/prefix.ts";

/** Ten thousand names in twenty networks. */
export const [networks, namesEach] = [20, 500];
/** The core that servers run on; who asks has the other one. */
const [serverCore, clientCore] = ["0", "1"];

/** A namespace with lo, and nothing else. */
export function makeNetns(count: number): string[] {
	const names = Array.from({ length: count }, (_, n) => `weftdns${n}`);
	const commands = names.flatMap((name) => [`netns add ${name}`, `-n ${name} link set lo up`]);
	// `ip -n` is a flag of the whole batch: each line runs on its own.
	for (const command of commands) execFileSync("ip", command.split(" "));
	return names;
}

export function removeNetns(names: readonly string[]): void {
	execFileSync("ip", ["-batch", "-"], { input: names.map((name) => `netns del ${name}\n`).join("") });
}

export interface Name {
	readonly name: string;
	readonly address: Ipv4;
	readonly network: number;
}

export function tenThousandNames(): Name[] {
	return Array.from({ length: networks * namesEach }, (_, n) => ({
		name: `container-${n}`,
		address: ipv4FromNumber(0x0a000002 + Math.floor(n / namesEach) * 0x1000 + (n % namesEach)),
		network: Math.floor(n / namesEach),
	}));
}

/** What people run: not the sources. */
export const release = new URL("../../dist/", import.meta.url).pathname;

/** Starts weft's names process, the one of the release, for these sandboxes; the first one is in all networks, the others in one each. */
export function startNames(folder: string, sandboxes: readonly string[], names: readonly Name[]): ChildProcess {
	const changes: PictureChange[] = [];
	for (let n = 0; n < networks; n++)
		changes.push({
			network: `n${n}`,
			value: { name: `net${n}`, subnet: prefix(`${ipv4FromNumber(0x0a000000 + n * 0x1000)}/20`) },
		});
	for (const [n, { name, address, network }] of names.entries())
		changes.push({ endpoint: `e${n}`, in: `n${network}`, value: { name, aliases: [], address, local: false } });
	for (const [n, netns] of sandboxes.entries()) {
		const all = Array.from({ length: networks }, (_, i) => `n${i}`);
		changes.push({ sandbox: `s${n}`, value: { netns, networks: n === 0 ? all : [`n${n % networks}`] } });
	}
	const state = join(folder, "names.json");
	writeFileSync(state, JSON.stringify(changes));
	const flags = ["names", "--socket", join(folder, "names.sock"), "--state", state];
	const node = [process.execPath, ...frugalFlags([], "names")];
	return spawn("taskset", ["-c", serverCore, ...node, join(release, "weft.js"), ...flags], {
		stdio: "ignore",
		env: { ...process.env, ...frugalEnv },
	});
}

/** Starts Debian's dnsmasq with the same names, in a namespace of its own. */
export function startDnsmasq(folder: string, netns: string, names: readonly Name[]): ChildProcess {
	const hosts = join(folder, "hosts");
	writeFileSync(hosts, names.map(({ name, address }) => `${address} ${name}\n`).join(""));
	const flags = ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", `--addn-hosts=${hosts}`];
	const listen = [
		"--listen-address=127.0.0.11",
		"--bind-interfaces",
		"--user=root",
		"--pid-file=",
		"--cache-size=10000",
	];
	const enter = ["-c", serverCore, "nsenter", `--net=/run/netns/${netns}`, "dnsmasq", ...flags, ...listen];
	return spawn("taskset", enter, { stdio: "ignore" });
}

/** @returns Whether a name server answers in a namespace. */
export function answers(netns: string, name: string): boolean {
	const dig = ["dig", "+short", "+time=1", "+tries=1", "@127.0.0.11", name];
	try {
		return execFileSync("nsenter", [`--net=/run/netns/${netns}`, ...dig], { encoding: "utf8" }).startsWith("10.");
	} catch {
		return false;
	}
}

/** @returns Answers a second, with a hundred questions under way all the time. @throws When one is lost. */
export function questionsPerSecond(netns: string, questions: string, seconds: number): number {
	const dnsperf = ["dnsperf", "-s", "127.0.0.11", "-d", questions, "-l", `${seconds}`, "-c", "4", "-q", "100"];
	const enter = ["-c", clientCore, "nsenter", `--net=/run/netns/${netns}`, ...dnsperf];
	const said = execFileSync("taskset", enter, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
	const lost = Number(/Queries lost:\s+(\d+)/.exec(said)?.[1]);
	if (lost > 0) throw new Error(`${lost} answers were lost:\n${said}`);
	return Number(/Queries per second:\s+([\d.]+)/.exec(said)?.[1]);
}

import { existsSync, readdirSync } from "node:fs";
import { deleteNetns, netnsFolder } from "../kernel/netns.ts";
import { WeftError } from "../model/error.ts";
import { hostNumber, labNetns, underlay } from "./names.ts";
import { ip, run } from "./run.ts";

/** Makes the underlay (a bridge that also routes) and the world beyond it. All links are made within namespaces. */
export function wireUnderlay(lab: string): void {
	const names = labNetns(lab);
	const [u, w] = [names.underlay, names.world];
	ip(
		`netns add ${u}`,
		`netns add ${w}`,
		`-n ${u} link set lo up`,
		`-n ${w} link set lo up`,
		`-n ${u} link add br0 type bridge`,
		`-n ${u} address add ${underlay.router}/24 dev br0`,
		`-n ${u} link set br0 up`,
		`-n ${u} link add world type veth peer name eth0 netns ${w}`,
		`-n ${u} address add ${underlay.worldRouter}/24 dev world`,
		`-n ${u} link set world up`,
		`-n ${w} address add ${underlay.world}/24 dev eth0`,
		`-n ${w} link set eth0 up`,
		// Only the hosts have a way back: an address of a container that came this far unmasked would get no answer.
		`-n ${w} route add ${underlay.subnet} via ${underlay.worldRouter}`,
	);
	run("nsenter", [`--net=${netnsFolder}/${u}`, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
}

/** Plugs a host in. Its namespace keeps its name, whatever becomes of its processes. */
export function wireHost(lab: string, host: string): void {
	const names = labNetns(lab);
	const [u, h] = [names.underlay, names.host(host)];
	ip(
		`netns add ${h}`,
		`-n ${h} link set lo up`,
		`-n ${u} link add ${host} type veth peer name eth0 netns ${h}`,
		`-n ${u} link set ${host} master br0 up`,
		`-n ${h} address add ${underlay.address(hostNumber(host))}/24 dev eth0`,
		`-n ${h} link set eth0 up`,
		`-n ${h} route add default via ${underlay.router}`,
	);
}

/** Takes a host off the underlay, and its namespace away with all that is in it. */
export function unwireHost(lab: string, host: string): void {
	const names = labNetns(lab);
	// The kernel takes a namespace apart later, and until then the cable's other end would keep its name.
	if (wiredNetns(lab).includes(names.underlay) && isPlugged(names.underlay, host))
		ip(`-n ${names.underlay} link del ${host}`);
	deleteNetns(names.host(host));
}

function isPlugged(underlayNetns: string, host: string): boolean {
	return run("ip", ["-n", underlayNetns, "-br", "link"])
		.split("\n")
		.some((line) => line.startsWith(`${host}@`));
}

/** @returns The names of all namespaces of a lab that there are. */
export function wiredNetns(lab: string): string[] {
	const { prefix } = labNetns(lab);
	try {
		return readdirSync(netnsFolder).filter((name) => new RegExp(`^${prefix}-(underlay|world|host[1-9])$`).test(name));
	} catch {
		return [];
	}
}

/** @returns The hosts of a lab that have a namespace, whether they are up or half made. */
export function wiredHosts(lab: string): { host: string; netns: string }[] {
	const first = labNetns(lab).host("").length;
	return wiredNetns(lab)
		.map((netns) => ({ host: netns.slice(first), netns }))
		.filter(({ host }) => host.startsWith("host"));
}

export function unwire(lab: string): void {
	for (const name of wiredNetns(lab)) deleteNetns(name);
}

/** Drops what goes from one host to the other, and, unless `oneWay`, back. */
export function cut(lab: string, from: string, to: string, oneWay: boolean): void {
	const drop = (a: string, b: string) =>
		`add rule bridge lab forward iifname "${a}" oifname "${b}" drop comment "${a} ${b}"\n`;
	const table = "add table bridge lab\nadd chain bridge lab forward { type filter hook forward priority 0; }\n";
	inUnderlay(lab, table + drop(from, to) + (oneWay ? "" : drop(to, from)));
}

/** Lets all hosts reach each other again. */
export function heal(lab: string): void {
	inUnderlay(lab, "add table bridge lab\ndelete table bridge lab\n");
}

function inUnderlay(lab: string, commands: string): void {
	const nft = ["/usr/sbin/nft", "/usr/bin/nft"].find((path) => existsSync(path));
	if (nft === undefined)
		throw new WeftError("PROGRAM_MISSING", "Cannot cut the underlay: nft is not installed", {
			fix: "apt-get install nftables",
		});
	run("nsenter", [`--net=${netnsFolder}/${labNetns(lab).underlay}`, nft, "-f", "-"], commands);
}

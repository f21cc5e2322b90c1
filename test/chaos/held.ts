import type { Cluster } from "./cluster.ts";

/** What a host holds, read by the machine's own tools and not by weft: sorted lines, one for each thing. */
export async function held(cluster: Cluster, host: string): Promise<string[]> {
	const { code, stdout, stderr } = await cluster.test.runAside(host, "sh", "-c", script);
	if (code !== 0) throw new Error(`cannot look at ${host}: ${stderr}`);
	return stdout
		.split("\n")
		.filter((line) => line !== "")
		.flatMap((line) => {
			const [what = "", text = ""] = line.split("\t");
			const [kind = "", ns = ""] = what.split(" ");
			// It went while it was looked at: the next look will tell.
			if (text === "") return [`${what} is going`];
			return readers[kind]?.(ns, text) ?? [];
		})
		.sort((a, b) => (a < b ? -1 : 1));
}

const script = `
for ns in $(ls /run/netns 2>/dev/null); do
	echo "netns $ns	."
	case "$ns" in 1-*)
		echo "link $ns	$(ip -j -d -n $ns link)"
		echo "fdb $ns	$(bridge -j -n $ns fdb)"
		echo "neigh $ns	$(ip -j -n $ns neigh)"
		echo "nft $ns	$(nsenter --net=/run/netns/$ns nft -j list ruleset)"
	esac
done
echo "link host	$(ip -j -d link)"
echo "nft host	$(nft -j list ruleset)"
for pid in $(pgrep -x conmon --ns $$ --nslist mnt); do echo "conmon	$(tr '\\0' ' ' </proc/$pid/cmdline)"; done
for pid in $(pgrep -x runc --ns $$ --nslist mnt); do echo "runc	$pid"; done
for dir in $(ls /var/lib/weft/containers 2>/dev/null); do echo "container	$dir"; done
for file in $(ls /var/lib/weft/exits 2>/dev/null); do echo "exit	$file"; done
for link in $(ls /run/weft/c 2>/dev/null); do echo "socket	$link"; done
for path in $(grep -o '/var/lib/weft/containers/[0-9a-f]*/bundle/rootfs' /proc/self/mounts); do echo "mount	$path"; done
`;

interface IpLink {
	readonly ifname: string;
	readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly id?: number } };
	readonly master?: string;
	readonly flags: readonly string[];
}
interface BridgeFdb {
	readonly mac: string;
	readonly ifname: string;
	readonly dst?: string;
	readonly state: string;
	readonly master?: string;
}
interface IpNeigh {
	readonly dst: string;
	readonly dev: string;
	readonly lladdr?: string;
}
interface NftList {
	readonly nftables: readonly {
		readonly table?: { readonly family: string; readonly name: string };
		readonly set?: {
			readonly table: string;
			readonly family: string;
			readonly name: string;
			readonly elem?: readonly (string | { readonly concat: readonly string[] })[];
		};
	}[];
}

/** An id is long, and its head is enough to tell it. */
const short = (id: string) => id.slice(0, 12);

const readers: Readonly<Record<string, (ns: string, text: string) => string[]>> = {
	netns: (ns) => [`netns ${ns}`],
	link: (ns, text) =>
		(JSON.parse(text) as IpLink[]).flatMap(({ ifname, linkinfo, master, flags }) => {
			const up = flags.includes("UP") ? "up" : "down";
			if (linkinfo?.info_kind === "vxlan") return [`${ns} ${ifname} vni ${linkinfo.info_data?.id} on ${master} ${up}`];
			if (ifname.startsWith("wgw")) return [`${ns} ${ifname} on ${master} ${up}`];
			if (ifname.startsWith("veth")) return [`${ns} veth on ${master} ${up}`];
			return ["br0", "weft_gwbridge"].includes(ifname) ? [`${ns} ${ifname} ${up}`] : [];
		}),
	fdb: (ns, text) =>
		(JSON.parse(text) as BridgeFdb[]).flatMap(({ mac, ifname, dst, master }) => {
			if (dst !== undefined) return [`${ns} fdb ${mac} at ${dst}`];
			return master !== undefined && mac.startsWith("02:42") && ifname !== "br0"
				? [`${ns} fdb ${mac} by ${ifname.replace(/\d+$/, "")}`]
				: [];
		}),
	neigh: (ns, text) =>
		(JSON.parse(text) as IpNeigh[])
			.filter(({ dev }) => dev === "vxlan1")
			.map(({ dst, lladdr }) => `${ns} neigh ${dst} ${lladdr}`),
	nft: (ns, text) =>
		(JSON.parse(text) as NftList).nftables.flatMap(({ table, set }) => {
			if (table?.name === "weft") return [`${ns} table ${table.family} weft`];
			if (set?.table !== "weft") return [];
			return (set.elem ?? []).map((one) =>
				typeof one === "string"
					? `${ns} ${set.name} ${one}`
					: `${ns} ${set.name} ${one.concat.map((part) => part.replace(/^veth\d+$/, "veth")).join(" ")}`,
			);
		}),
	conmon: (_, text) => [`conmon ${short(/ -c ([0-9a-f]+) /.exec(text)?.[1] ?? text)}`],
	runc: (_, pid) => [`runc ${pid}`],
	container: (_, id) => [`container ${short(id)}`],
	exit: (_, id) => [`exit ${short(id)}`],
	socket: (_, id) => [`socket ${short(id)}`],
	mount: (_, path) => [`mount ${short(path.split("/")[5] ?? "")}`],
};

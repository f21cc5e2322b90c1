import { basename } from "node:path";
import { command } from "../command.ts";
import { print } from "../io.ts";
import { UsageError } from "../usage-error.ts";

export default command({
	operands: [{ name: "NETNS|PID" }],
	flags: {
		network: {
			type: "string",
			value: "NETWORK",
			help: "Connect it to this network; weft network connect adds more",
			completes: "network",
		},
		name: { type: "string", value: "NAME", help: "Its name in the network's DNS" },
		ip: { type: "string", value: "ADDRESS", help: "A fixed address out of the subnet" },
		alias: { type: "string", multiple: true, value: "NAME", help: "One more name of it" },
		format: { type: "string", value: "FORMAT", help: "json", completes: ["json"] },
	},
	details:
		"NETNS is a name below /run/netns or an absolute path. The process keeps its namespace; weft adds an interface,\n" +
		"an address, a default route and a name server in it. weft detach takes them away again.",
	examples: [
		{ type: "weft attach --network blue --name db 4711", does: "Connect the process 4711" },
		{ type: "weft attach --network blue --name lab /run/netns/lab", does: "Connect a namespace" },
	],
	async run({ flags, operands, io, agent }) {
		const [netns = ""] = operands;
		const { network, ip } = flags;
		if (network === undefined) {
			throw new UsageError("Cannot run weft attach: it needs a network", "weft attach --network NETWORK NETNS|PID");
		}
		const view = await (await agent()).attach({
			netns,
			network,
			name: flags.name ?? nameFor(netns),
			aliases: flags.alias,
			...(ip === undefined ? {} : { ip }),
		});
		const { name, ifname, ipAddress, ipPrefixLen, nameserver } = view;
		if (flags.format === "json") return print(io, JSON.stringify(view));
		print(io, `${name}: ${ifname} ${ipAddress}/${ipPrefixLen} in ${network}, names at ${nameserver}`);
	},
});

/** A process has its id for a name, a namespace the last part of its path. */
function nameFor(netns: string): string {
	return /^\d+$/.test(netns) ? `pid-${netns}` : basename(netns);
}

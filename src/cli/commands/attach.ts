import { basename } from "node:path";
import type { AttachedView } from "../../model/service.ts";
import { command } from "../command.ts";
import { itemFormat, itemPrinter } from "../output.ts";
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
		...itemFormat,
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
		const show = itemPrinter<AttachedView>(
			io,
			flags.format,
			({ name, ifname, ipAddress, ipPrefixLen, nameserver }) =>
				`${name}: ${ifname} ${ipAddress}/${ipPrefixLen} in ${network}, names at ${nameserver}`,
		);
		const view = await (await agent()).attach({
			netns,
			network,
			name: flags.name ?? nameFor(netns),
			aliases: flags.alias,
			...(ip === undefined ? {} : { ip }),
		});
		show(view);
	},
});

/** A process has its id for a name, a namespace the last part of its path. */
function nameFor(netns: string): string {
	return /^\d+$/.test(netns) ? `pid-${netns}` : basename(netns);
}

import { basename } from "node:path";
import { command } from "../command.ts";
import { print } from "../io.ts";
import { UsageError } from "../usage-error.ts";

export default command({
	operands: [{ name: "NETNS|PID" }],
	flags: {
		network: {
			type: "string",
			multiple: true,
			value: "NETWORK",
			help: "Connect it to this network",
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
		const service = await agent();
		const name = flags.name ?? nameFor(netns);
		for (const network of required(flags.network)) {
			const view = await service.attach({
				netns,
				network,
				name,
				aliases: flags.alias,
				...(flags.ip === undefined ? {} : { ip: flags.ip }),
			});
			print(
				io,
				flags.format === "json"
					? JSON.stringify(view)
					: `${view.name}: ${view.ifname} ${view.ipAddress}/${view.ipPrefixLen} in ${network}, names at ${view.nameserver}`,
			);
		}
	},
});

function required(networks: readonly string[]): readonly string[] {
	if (networks.length > 0) return networks;
	throw new UsageError("Cannot run weft attach: it needs a network", "weft attach --network NETWORK NETNS|PID");
}

/** A process has its id for a name, a namespace the last part of its path. */
function nameFor(netns: string): string {
	return /^\d+$/.test(netns) ? `pid-${netns}` : basename(netns);
}

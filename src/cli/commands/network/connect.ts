import { command } from "../../command.ts";

export default command({
	operands: [
		{ name: "NETWORK", completes: "network" },
		{ name: "CONTAINER", completes: "container" },
	],
	flags: {
		ip: { type: "string", value: "ADDRESS", help: "A fixed address out of the subnet" },
		alias: { type: "string", multiple: true, value: "NAME", help: "One more name of it in the network's DNS" },
	},
	details: "The container gets one more interface, while it runs.",
	examples: [
		{ type: "weft network connect blue web", does: "Connect web to blue" },
		{
			type: "weft network connect --ip 10.0.0.9 --alias db blue pg-1",
			does: "With a fixed address, and found as db too",
		},
	],
	async run({ flags: { ip, alias }, operands, agent }) {
		const [network = "", container = ""] = operands;
		await (await agent()).networks.connect(network, { container, aliases: alias, ...(ip === undefined ? {} : { ip }) });
	},
});

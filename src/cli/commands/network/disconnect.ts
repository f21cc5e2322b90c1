import { command } from "../../command.ts";

export default command({
	operands: [
		{ name: "NETWORK", completes: "network" },
		{ name: "CONTAINER", completes: "container" },
	],
	flags: { force: { type: "boolean", short: "f", help: "Also when the container is gone or its host is away" } },
	examples: [
		{ type: "weft network disconnect blue web", does: "Take web out of blue" },
		{ type: "weft network disconnect -f blue old", does: "Free the address of a container whose host is lost" },
	],
	async run({ flags: { force }, operands, agent }) {
		const [network = "", container = ""] = operands;
		await (await agent()).networks.disconnect(network, { container, force });
	},
});

import { command } from "../../command.ts";
import { each } from "../../each.ts";
import { itemFormat, printItems } from "../../output.ts";

export default command({
	operands: [{ name: "NETWORK", several: true, completes: "network" }],
	flags: itemFormat,
	details: "Prints a JSON list, with the endpoints of all hosts.",
	examples: [
		{ type: "weft network inspect blue", does: "All of it" },
		{ type: "weft network inspect -f '{{.ipam.subnet}} {{.vni}}' blue", does: "Its subnet and its VNI" },
	],
	async run({ flags, operands, io, agent }) {
		const { networks } = await agent();
		const { done, code } = await each(io, operands, (ref) => networks.inspect(ref));
		printItems(io, flags.format, done);
		return code;
	},
});

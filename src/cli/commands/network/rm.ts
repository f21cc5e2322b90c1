import { command } from "../../command.ts";
import { each } from "../../each.ts";
import { print } from "../../io.ts";

export default command({
	operands: [{ name: "NETWORK", several: true, completes: "network" }],
	flags: {},
	details: "A network with containers in it is not removed: disconnect them first. Prints what was removed.",
	examples: [{ type: "weft network rm blue red", does: "Remove two networks" }],
	async run({ operands, io, agent }) {
		const { networks } = await agent();
		const { code } = await each(io, operands, async (ref) => {
			await networks.remove(ref);
			print(io, ref);
		});
		return code;
	},
});

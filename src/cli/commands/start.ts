import { command } from "../command.ts";
import { each } from "../each.ts";
import { print } from "../io.ts";

export default command({
	operands: [{ name: "CONTAINER", several: true, completes: "container" }],
	flags: {},
	details:
		"It comes back into the networks that it left, at its former addresses where they are free. Prints what was started.",
	examples: [{ type: "weft start web", does: "Start a container that has ended" }],
	async run({ operands, io, agent }) {
		const { containers } = await agent();
		const { code } = await each(io, operands, async (ref) => {
			await containers.start(ref);
			print(io, ref);
		});
		return code;
	},
});

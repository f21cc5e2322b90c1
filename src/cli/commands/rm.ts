import { command } from "../command.ts";
import { each } from "../each.ts";
import { print } from "../io.ts";

export default command({
	operands: [{ name: "CONTAINER", several: true, completes: "container" }],
	flags: { force: { type: "boolean", short: "f", help: "Kill what runs" } },
	details: "Removes the container with its log and its changes to files. Prints what was removed.",
	examples: [
		{ type: "weft rm web", does: "Remove a container that has ended" },
		{ type: "weft rm -f $(weft ps -aq)", does: "Remove all containers of this host" },
	],
	async run({ flags: { force }, operands, io, agent }) {
		const { containers } = await agent();
		const { code } = await each(io, operands, async (ref) => {
			await containers.remove(ref, { force });
			print(io, ref);
		});
		return code;
	},
});

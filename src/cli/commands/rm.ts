import { command } from "../command.ts";
import { each } from "../each.ts";
import { print } from "../io.ts";

export default command({
	operands: [{ name: "CONTAINER", several: true, completes: "container" }],
	flags: { force: { type: "boolean", short: "f", help: "Kill it first when it runs" } },
	examples: [{ type: "weft rm -f bbox1", does: "Remove a running container" }],
	async run({ flags, operands, io, agent }) {
		const { containers } = await agent();
		const { code } = await each(io, operands, async (ref) => {
			await containers.remove(ref, { force: flags.force });
			print(io, ref);
		});
		return code;
	},
});

import { isWeftError } from "../../model/error.ts";
import { command } from "../command.ts";
import { each } from "../each.ts";
import { itemFormat, printItems } from "../output.ts";

export default command({
	operands: [{ name: "CONTAINER|NETWORK", several: true, completes: "container" }],
	flags: itemFormat,
	details: "Prints a JSON list. A name that a container and a network share means the container.",
	examples: [
		{ type: "weft inspect bbox1", does: "All of it" },
		{ type: "weft inspect -f '{{.netns}}' bbox1", does: "The path of its network namespace" },
	],
	async run({ flags, operands, io, agent }) {
		const { containers, networks } = await agent();
		const { done, code } = await each(io, operands, async (ref): Promise<object> => {
			try {
				return await containers.inspect(ref);
			} catch (error) {
				if (!isWeftError(error, "CONTAINER_NOT_FOUND")) throw error;
				return await networks.inspect(ref).catch(() => {
					throw error;
				});
			}
		});
		printItems(io, flags.format, done);
		return code;
	},
});

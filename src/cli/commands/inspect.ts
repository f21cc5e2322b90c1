import { isWeftError, WeftError } from "../../model/error.ts";
import type { Service } from "../../model/service.ts";
import { command } from "../command.ts";
import { each } from "../each.ts";
import { itemFormat, printItems } from "../output.ts";

export default command({
	operands: [{ name: "CONTAINER|NETWORK", several: true, completes: "container or network" }],
	flags: itemFormat,
	details: "Prints a JSON list. A container comes before a network of the same name.",
	examples: [
		{ type: "weft inspect web", does: "All of it" },
		{ type: "weft inspect -f '{{.networks.blue.ipAddress}}' web", does: "Its address in blue" },
	],
	async run({ flags, operands, io, agent }) {
		const service = await agent();
		const { done, code } = await each(io, operands, (ref) => find(service, ref));
		printItems(io, flags.format, done);
		return code;
	},
});

async function find({ containers, networks }: Service, ref: string): Promise<object> {
	try {
		return await containers.inspect(ref);
	} catch (error) {
		if (!isWeftError(error, "CONTAINER_NOT_FOUND")) throw error;
		return networks.inspect(ref).catch((networkError: unknown) => {
			if (!isWeftError(networkError, "NETWORK_NOT_FOUND")) throw networkError;
			throw new WeftError("CONTAINER_NOT_FOUND", `Cannot find "${ref}": no container or network has that name or id`, {
				fix: "weft ps -a and weft network ls show what there is",
			});
		});
	}
}

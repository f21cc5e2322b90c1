import { command } from "../command.ts";
import { each } from "../each.ts";
import { print } from "../io.ts";

export default command({
	operands: [{ name: "NAME", several: true, completes: "attached" }],
	flags: {},
	details: "Takes weft's interfaces, routes and name server out of the namespace. The process in it goes on.",
	examples: [{ type: "weft detach db", does: "Undo weft attach --name db" }],
	async run({ operands, io, agent }) {
		const service = await agent();
		const { code } = await each(io, operands, async (name) => {
			await service.detach({ name });
			print(io, name);
		});
		return code;
	},
});

import { command } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { each } from "../../each.ts";
import { print } from "../../io.ts";

export default command({
	operands: [{ name: "HOST", several: true, completes: "host" }],
	flags: { force: { type: "boolean", short: "f", help: "Do not ask" } },
	details:
		"Its containers' names and addresses are free at once. A host that lives is not forgotten; one that was forgotten and comes back is a member again. Prints what was forgotten.",
	examples: [{ type: "weft host forget host3", does: "A host that will not come back" }],
	async run({ flags, operands, io, agent }) {
		const service = await agent();
		const warning = `This takes ${operands.join(", ")} out of the cluster, with all that its containers hold there.`;
		if (!flags.force && !(await confirm(io, warning))) return 0;
		const { code } = await each(io, operands, async (ref) => {
			print(io, (await service.forgetHost(ref)).name);
		});
		return code;
	},
});

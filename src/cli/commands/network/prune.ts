import { command } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { print } from "../../io.ts";

export default command({
	operands: [],
	flags: { force: { type: "boolean", short: "f", help: "Do not ask" } },
	examples: [{ type: "weft network prune -f", does: "Remove what nothing is connected to" }],
	async run({ flags, io, agent }) {
		const { networks } = await agent();
		if (!flags.force && !(await confirm(io, "This removes all networks of the cluster without endpoints."))) return;
		const { removed } = await networks.prune();
		if (removed.length > 0) print(io, ["Deleted networks:", ...removed.map(({ name }) => name)].join("\n"));
	},
});

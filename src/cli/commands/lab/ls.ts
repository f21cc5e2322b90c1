import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { listFormat, printList } from "../../output.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [],
	flags: { ...labFlag, ...listFormat },
	examples: [{ type: "weft lab ls", does: "The hosts of the lab" }],
	async run({ flags, io }) {
		printList(io, flags.format, new Lab(flags.lab).hosts(), [
			{ header: "NAME", name: "Name", of: ({ name }) => name },
			{ header: "ADDRESS", name: "Address", of: ({ address }) => address },
			{ header: "STATE", name: "State", of: ({ up }) => (up ? "up" : "down") },
		]);
	},
});

import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [],
	flags: labFlag,
	root: "it changes what the lab lets through",
	examples: [{ type: "weft lab heal", does: "Let all hosts reach each other again" }],
	async run({ flags }) {
		new Lab(flags.lab).heal();
	},
});

import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [],
	flags: labFlag,
	details: "Works whatever state the lab is in, and when there is none.",
	root: "it removes network namespaces",
	examples: [{ type: "weft lab down", does: "Leave nothing behind" }],
	run: ({ flags }) => new Lab(flags.lab).down(),
});

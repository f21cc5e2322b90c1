import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [{ name: "HOST" }],
	flags: labFlag,
	root: "it ends processes of the lab",
	examples: [{ type: "weft lab kill host2", does: "Power off: processes and kernel state go, the disk stays" }],
	run: ({ flags, operands: [host = ""] }) => new Lab(flags.lab).kill(host),
});

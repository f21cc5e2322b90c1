import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [{ name: "HOST" }],
	flags: labFlag,
	root: "it makes network namespaces",
	examples: [{ type: "weft lab start host2", does: "Boot it again, with its agent" }],
	run: ({ flags, operands: [host = ""] }) => new Lab(flags.lab).start(host),
});

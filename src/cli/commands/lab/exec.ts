import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { startHere } from "../../start-here.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [{ name: "HOST" }, { name: "COMMAND", several: true, verbatim: true }],
	flags: labFlag,
	failureCode: 125,
	details: "weft is on the host's PATH, and talks to that host's agent.",
	root: "it enters network namespaces",
	examples: [
		{ type: "weft lab exec host1 -- bash", does: "Sit down at host1" },
		{ type: "weft lab exec host1 -- weft network ls", does: "Ask host1's agent" },
		{ type: "weft lab exec host2 -- ip netns", does: "Look at host2 with its own eyes" },
	],
	async run({ flags, operands: [host = "", ...argv], io }) {
		return startHere(io, new Lab(flags.lab).argv(host, argv), { stdin: true, output: true });
	},
});

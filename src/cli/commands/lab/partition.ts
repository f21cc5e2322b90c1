import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [{ name: "HOST" }, { name: "HOST" }],
	flags: { "one-way": { type: "boolean", help: "Drop only what the first sends to the second" }, ...labFlag },
	root: "it changes what the lab lets through",
	examples: [{ type: "weft lab partition host1 host2", does: "Cut the underlay between the two" }],
	async run({ flags, operands: [a = "", b = ""] }) {
		new Lab(flags.lab).partition(a, b, { oneWay: flags["one-way"] });
	},
});

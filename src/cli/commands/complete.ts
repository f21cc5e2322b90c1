import { candidates } from "../candidates.ts";
import { command } from "../command.ts";
import { print } from "../io.ts";

export default command({
	operands: [{ name: "WORD", optional: true, several: true, verbatim: true }],
	flags: {},
	details: "Prints what the last word may become, one a line. Called by the scripts of weft completion.",
	examples: [{ type: "weft complete -- network rm b", does: "Networks that begin with b" }],
	async run({ operands, io, agent }) {
		const last = operands.at(-1) ?? "";
		for (const candidate of await candidates(operands, agent)) if (candidate.startsWith(last)) print(io, candidate);
	},
});

import { styleText } from "node:util";
import { runDemo } from "../../lab/demo/demo.ts";
import { command } from "../command.ts";
import { print } from "../io.ts";
import { readInteger } from "../usage-error.ts";

export default command({
	operands: [],
	flags: {
		keep: { type: "boolean", help: "Leave the hosts up, to look around" },
		pause: { type: "string", default: "0", value: "MS", help: "Wait between steps, to read along" },
	},
	details: "Makes two hosts in namespaces of this machine, and leaves nothing behind. Each step is checked.",
	root: "it makes network namespaces",
	examples: [
		{ type: "weft demo", does: "From two bare hosts to containers that reach each other" },
		{ type: "weft demo --keep", does: "The same, and the hosts stay" },
	],
	async run({ flags, io }) {
		const dressed = io.stdout.isTTY === true;
		const dress = (style: Parameters<typeof styleText>[0]) => (text: string) =>
			dressed ? styleText(style, text) : text;
		await runDemo({
			keep: flags.keep,
			pauseMs: readInteger("--pause", flags.pause, 0, 60_000),
			voice: { say: (text) => print(io, text), strong: dress("bold"), faint: dress("dim"), good: dress("green") },
		});
	},
});

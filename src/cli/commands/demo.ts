import { styleText } from "node:util";
import { runDemo } from "../../lab/demo/demo.ts";
import { command } from "../command.ts";
import { interruptible } from "../interruptible.ts";
import { print } from "../io.ts";
import { readInteger } from "../usage-error.ts";

/** Wider lines are hard to read, and narrower than that the drawing is not. */
const [mostColumns, leastColumns] = [100, 80];

export default command({
	operands: [],
	flags: {
		keep: { type: "boolean", help: "Leave the hosts up, to look around" },
		lab: {
			type: "string",
			default: "demo",
			value: "NAME",
			help: "Call the hosts' lab so; an old one of that name goes",
		},
		pause: { type: "string", default: "0", value: "MS", help: "Wait between steps, to read along" },
	},
	details: "Makes two hosts in namespaces of this machine, and leaves nothing behind. Each step is checked.",
	root: "it makes network namespaces",
	examples: [
		{ type: "weft demo", does: "From two bare hosts to containers that reach each other" },
		{ type: "weft demo --pause 3000", does: "The same, with time to read" },
		{ type: "weft demo --keep", does: "The same, and the hosts stay" },
	],
	async run({ flags, io }) {
		const { isTTY = false, columns = mostColumns } = io.stdout;
		const dress = (style: Parameters<typeof styleText>[0]) => (text: string) => (isTTY ? styleText(style, text) : text);
		const pauseMs = readInteger("--pause", flags.pause, 0, 60_000);
		return interruptible(io, (signal) =>
			runDemo({
				labName: flags.lab,
				keep: flags.keep,
				pauseMs,
				signal,
				voice: {
					columns: Math.max(leastColumns, Math.min(columns, mostColumns)),
					say: (text) => print(io, text),
					strong: dress("bold"),
					faint: dress("dim"),
					good: dress("green"),
				},
			}),
		);
	},
});

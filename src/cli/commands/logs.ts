import { command } from "../command.ts";
import { writeLine } from "../log-line.ts";
import { untilStopped } from "../until-stopped.ts";
import { readInteger } from "../usage-error.ts";

export default command({
	operands: [{ name: "CONTAINER", completes: "container" }],
	flags: {
		follow: { type: "boolean", short: "f", help: "Go on as it writes, until it ends" },
		tail: { type: "string", short: "n", default: "all", value: "LINES", help: "Only that many lines from the end" },
		timestamps: { type: "boolean", short: "t", help: "Say when, before each line" },
	},
	details: "What it wrote to stderr comes on stderr.",
	examples: [
		{ type: "weft logs web", does: "All of it" },
		{ type: "weft logs -f --tail 10 web", does: "The last ten lines, and what comes" },
	],
	async run({ flags, operands, io, agent }) {
		const [ref = ""] = operands;
		const tail = flags.tail === "all" ? undefined : readInteger("--tail", flags.tail, 0, 999_999_999);
		const { containers } = await agent();
		const request = { follow: flags.follow, ...(tail === undefined ? {} : { tail }) };
		const write = writeLine(io, flags.timestamps);
		for await (const line of containers.logs(ref, request, untilStopped(io))) write(line);
	},
});

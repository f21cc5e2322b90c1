import { command } from "../command.ts";
import { untilStopped } from "../until-stopped.ts";
import { readInteger } from "../usage-error.ts";

export default command({
	operands: [{ name: "CONTAINER", completes: "container" }],
	flags: {
		follow: { type: "boolean", short: "f", help: "Go on until it ends" },
		tail: { type: "string", short: "n", default: "all", value: "LINES", help: "Only so many lines from the end" },
		timestamps: { type: "boolean", short: "t", help: "When each line was written" },
	},
	examples: [{ type: "weft logs -f --tail 10 bbox1", does: "The last ten lines, and what comes" }],
	async run({ flags, operands: [ref = ""], io, agent }) {
		const { containers } = await agent();
		const tail = flags.tail === "all" ? undefined : readInteger("--tail", flags.tail, 0, 1e9);
		const request = { follow: flags.follow, ...(tail === undefined ? {} : { tail }) };
		for await (const { time, stream, text, partial } of containers.logs(ref, request, untilStopped(io)))
			io[stream].write(`${flags.timestamps ? `${time} ` : ""}${text}${partial ? "" : "\n"}`);
	},
});

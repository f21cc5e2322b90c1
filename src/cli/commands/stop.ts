import { command } from "../command.ts";
import { each } from "../each.ts";
import { print } from "../io.ts";
import { readInteger } from "../usage-error.ts";

export default command({
	operands: [{ name: "CONTAINER", several: true, completes: "container" }],
	flags: {
		timeout: { type: "string", short: "t", default: "10", value: "SECONDS", help: "Then it is killed" },
	},
	details: "SIGTERM first, SIGKILL after the time. Prints what was stopped.",
	examples: [{ type: "weft stop -t 2 web", does: "Give it two seconds" }],
	async run({ flags, operands, io, agent }) {
		const timeoutSeconds = readInteger("--timeout", flags.timeout, 0, 86_400);
		const { containers } = await agent();
		const { code } = await each(io, operands, async (ref) => {
			await containers.stop(ref, { timeoutSeconds });
			print(io, ref);
		});
		return code;
	},
});

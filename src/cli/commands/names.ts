import { command } from "../command.ts";
import { runDirDefault } from "../places.ts";
import { untilStopped } from "../until-stopped.ts";

export default command({
	operands: [],
	flags: {
		socket: {
			type: "string",
			default: `${runDirDefault}/names.sock`,
			value: "PATH",
			help: "Where the agent tells what there is",
		},
		state: { type: "string", default: `${runDirDefault}/names.json`, value: "PATH", help: "Keeps the last picture" },
	},
	details: "The agent starts it, and starts it again when it ends.",
	root: "it serves in the network namespaces of containers",
	examples: [{ type: "weft names", does: "Run until SIGTERM" }],
	async run({ flags, io }) {
		const { runNames } = await import("../../names/main.ts");
		await runNames({ socketPath: flags.socket, statePath: flags.state }, untilStopped(io));
	},
});

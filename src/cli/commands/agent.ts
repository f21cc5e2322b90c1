import { join } from "node:path";
import { command } from "../command.ts";
import { runDirDefault, stateDirDefault } from "../places.ts";
import { untilStopped } from "../until-stopped.ts";

export default command({
	operands: [],
	flags: {
		"state-dir": { type: "string", default: stateDirDefault, value: "DIR", help: "What survives a reboot" },
		"run-dir": { type: "string", default: runDirDefault, value: "DIR", help: "Sockets: what does not" },
		socket: { type: "string", value: "PATH", help: "The API's socket; weft.sock in the run folder otherwise" },
	},
	details: "weft launch prepares the host and starts this. Ends on SIGTERM; containers and their networks go on.",
	root: "it changes network devices",
	examples: [{ type: "weft agent", does: "The agent of a host that was launched before, for systemd" }],
	async run({ flags, io }) {
		const { runAgent } = await import("../../agent/main.ts");
		const { "state-dir": stateDir, "run-dir": runDir } = flags;
		try {
			await runAgent({ stateDir, runDir, socketPath: flags.socket ?? join(runDir, "weft.sock") }, untilStopped(io));
		} catch (error) {
			const { tellLauncher } = await import("../../agent/agent-process.ts");
			await tellLauncher(error);
			throw error;
		}
	},
});

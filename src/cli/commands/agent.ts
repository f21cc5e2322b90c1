import { command } from "../command.ts";
import { untilStopped } from "../until-stopped.ts";

export default command({
	operands: [],
	flags: {
		"state-dir": { type: "string", default: "/var/lib/weft", value: "DIR", help: "Identity, certificates, databases" },
		"run-dir": { type: "string", default: "/run/weft", value: "DIR", help: "Sockets" },
		socket: { type: "string", default: "/run/weft/weft.sock", value: "PATH", help: "The API's unix socket" },
	},
	details: "For a service manager: weft launch must have been run once on this host.",
	examples: [{ type: "weft agent", does: "Run until SIGTERM; containers and their traffic go on" }],
	async run({ flags, io }) {
		const { runAgent } = await import("../../agent/main.ts");
		const options = { stateDir: flags["state-dir"], runDir: flags["run-dir"], socketPath: flags.socket };
		await runAgent(options, untilStopped(io));
	},
});

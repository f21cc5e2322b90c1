import { command } from "../command.ts";
import { envFlag, readEnv } from "../env.ts";
import { runcExec } from "../runc-exec.ts";
import { UsageError } from "../usage-error.ts";

export default command({
	operands: [
		{ name: "CONTAINER", completes: "container" },
		{ name: "COMMAND", verbatim: true },
	],
	flags: {
		detach: { type: "boolean", short: "d", help: "Do not wait for it" },
		env: envFlag,
		interactive: { type: "boolean", short: "i", help: "Pass stdin on" },
		tty: { type: "boolean", short: "t", help: "Give it a terminal" },
		user: { type: "string", short: "u", value: "UID[:GID]", help: "As this user" },
		workdir: { type: "string", short: "w", value: "DIR", help: "In this folder" },
	},
	failureCode: 125,
	details: "Ends as the command ends. What follows COMMAND is its own, flags too.",
	examples: [
		{ type: "weft exec web ip addr", does: "Look into its network" },
		{ type: "weft exec -it web sh", does: "A shell in it" },
	],
	async run({ flags, operands, io, agent }) {
		const [ref = "", ...argv] = operands;
		const { tty, interactive: stdin, workdir, user, detach } = flags;
		if (tty && !detach && io.stdin.isTTY !== true)
			throw new UsageError("Cannot give it a terminal: stdin is not one", "weft exec -i, without -t");
		const { containers } = await agent();
		const command = await containers.exec(ref, {
			command: argv,
			tty: tty && !detach,
			stdin,
			detach,
			env: readEnv(flags.env, io.env),
			...(workdir === undefined ? {} : { workdir }),
			...(user === undefined ? {} : { user }),
		});
		const [program = ""] = argv;
		const task = `Cannot run "${program}" in container "${ref}"`;
		return runcExec(io, command.argv, { task, program, stdin: (stdin || tty) && !detach, output: !detach });
	},
});

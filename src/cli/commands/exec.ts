import { spawn } from "node:child_process";
import { once } from "node:events";
import { command } from "../command.ts";

export default command({
	operands: [
		{ name: "CONTAINER", completes: "container" },
		{ name: "COMMAND", several: true, verbatim: true },
	],
	flags: {
		interactive: { type: "boolean", short: "i", help: "Pass stdin on" },
		tty: { type: "boolean", short: "t", help: "Give it a terminal" },
		env: { type: "string", short: "e", multiple: true, value: "NAME=VALUE", help: "Set an environment variable" },
		workdir: { type: "string", short: "w", value: "DIR", help: "Start in this folder" },
		user: { type: "string", short: "u", value: "UID[:GID]", help: "Be this user" },
	},
	failureCode: 125,
	examples: [
		{ type: "weft exec bbox1 ping -c 1 bbox2", does: "Run a command" },
		{ type: "weft exec -it bbox1 sh", does: "Look around in it" },
	],
	async run({ flags, operands: [ref = "", ...words], agent }) {
		const { containers } = await agent();
		const { argv } = await containers.exec(ref, {
			command: words,
			tty: flags.tty,
			stdin: flags.interactive,
			env: flags.env,
			...(flags.workdir === undefined ? {} : { workdir: flags.workdir }),
			...(flags.user === undefined ? {} : { user: flags.user }),
		});
		const [program = "", ...args] = argv;
		const child = spawn(program, args, { stdio: [flags.interactive ? "inherit" : "ignore", "inherit", "inherit"] });
		const [code] = (await once(child, "exit")) as [number | null];
		return code ?? 137;
	},
});

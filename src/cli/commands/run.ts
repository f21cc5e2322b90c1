import { resolve } from "node:path";
import { isWeftError } from "../../model/error.ts";
import type { CreateContainerRequest, Service } from "../../model/service.ts";
import { command } from "../command.ts";
import { readEnv } from "../env.ts";
import { type Io, note, print } from "../io.ts";
import { writeLine } from "../log-line.ts";
import { joinsOf } from "../network-spec.ts";
import { UsageError } from "../usage-error.ts";

/** A person who interrupts so often wants to go, whatever the container makes of it. */
const patience = 3;
const interrupted = 130;
const cannotBegin = ["COMMAND_NOT_FOUND", "COMMAND_NOT_EXECUTABLE", "SANDBOX_FAILED", "PROGRAM_MISSING"] as const;

export default command({
	operands: [{ name: "COMMAND", verbatim: true }],
	flags: {
		detach: { type: "boolean", short: "d", help: "Let it run in the background, and print its id" },
		interactive: { type: "boolean", short: "i", help: "Pass stdin on" },
		tty: { type: "boolean", short: "t", help: "Give it a terminal" },
		rm: { type: "boolean", help: "Remove it when it ends" },
		name: { type: "string", value: "NAME", help: "Its name, in DNS too; chosen when omitted" },
		hostname: { type: "string", short: "h", value: "NAME", help: "Its host name; its short id when omitted" },
		network: {
			type: "string",
			multiple: true,
			value: "NETWORK",
			help: "Connect it: NETWORK, or NETWORK:ip=ADDRESS,alias=NAME",
			completes: "network",
		},
		ip: { type: "string", value: "ADDRESS", help: "A fixed address, where there is one network" },
		alias: { type: "string", multiple: true, value: "NAME", help: "One more name of it, in each network" },
		"network-alias": { type: "string", multiple: true, help: "As Docker calls --alias", hidden: true },
		rootfs: {
			type: "string",
			value: "DIR",
			help: "Its root; a small one with busybox when omitted. DIR stays as it is",
		},
		env: {
			type: "string",
			short: "e",
			multiple: true,
			value: "NAME=VALUE",
			help: "Set a variable; NAME alone takes this shell's",
		},
		workdir: { type: "string", short: "w", value: "DIR", help: "Start in this folder" },
	},
	failureCode: 125,
	details: "Ends as the command ends. Without --network it has no way out of itself.",
	examples: [
		{ type: "weft run -d --name bbox1 --network ov_net1 -- sleep 1d", does: "A container in the background" },
		{ type: "weft run --rm --network blue -- ping -c 3 bbox1", does: "A command, and its output" },
		{ type: "weft run --rm -it --network blue -- sh", does: "A shell in a network" },
	],
	async run({ flags, operands, io, agent }) {
		const { detach, tty, interactive: stdin, name, hostname, rootfs, workdir } = flags;
		if (tty && !detach && io.stdin.isTTY !== true)
			throw new UsageError("Cannot give it a terminal: stdin is not one", "weft run -i, without -t");
		const request: CreateContainerRequest = {
			command: operands,
			networks: joinsOf(flags.network, flags.ip, [...flags.alias, ...flags["network-alias"]]),
			env: readEnv(flags.env, io.env),
			tty,
			stdin,
			autoRemove: flags.rm,
			...(name === undefined ? {} : { name }),
			...(hostname === undefined ? {} : { hostname }),
			...(rootfs === undefined ? {} : { rootfs: rootfs === "" ? rootfs : resolve(rootfs) }),
			...(workdir === undefined ? {} : { workdir }),
		};
		const service = await agent();
		const { id, warnings } = await service.containers.create(request);
		for (const warning of warnings) note(io, `warning: ${warning}`);
		try {
			return await start(service, id, { detach, attach: tty || stdin, io });
		} catch (error) {
			// What cannot begin is of no use to anybody, and holds an address and a name.
			if (isWeftError(error, ...cannotBegin)) await service.containers.remove(id, { force: true }).catch(() => {});
			throw error;
		}
	},
});

async function start(
	service: Service,
	id: string,
	{ detach, attach, io }: { readonly detach: boolean; readonly attach: boolean; readonly io: Io },
): Promise<number> {
	if (detach) {
		await service.containers.start(id);
		print(io, id);
		return 0;
	}
	if (!attach) return withItsLog(service, id, io);
	const { withItsStreams } = await import("../console.ts");
	return withItsStreams(service, id, io);
}

/** Shows what it writes and passes signals on, until it ends. @returns Its exit code. */
async function withItsLog({ containers }: Service, id: string, io: Io): Promise<number> {
	const ending = new AbortController();
	let interrupts = 0;
	const giveBack = io.onSignal(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"], (signal) => {
		if (signal === "SIGINT" && ++interrupts >= patience) ending.abort();
		// It may have ended in between: then its end is told below.
		containers.kill(id, { signal }).catch(() => {});
	});
	try {
		// Both are asked for before it starts: one that is removed when it ends leaves nothing to ask for.
		const ended = containers.wait(id, ending.signal);
		const shown = show(containers.logs(id, { follow: true }, ending.signal), writeLine(io, false));
		await Promise.race([containers.start(id), ended.then(() => shown)]);
		await shown;
		return (await ended).exitCode;
	} catch (error) {
		if (interrupts < patience) throw error;
		note(io, `\nweft run: interrupted ${patience} times; the container goes on: weft stop ${id.slice(0, 12)}`);
		return interrupted;
	} finally {
		ending.abort();
		giveBack();
	}
}

async function show<T>(items: AsyncIterable<T>, write: (item: T) => void): Promise<void> {
	for await (const item of items) write(item);
}

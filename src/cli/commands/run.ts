import { resolve } from "node:path";
import { isWeftError } from "../../model/error.ts";
import { restartNames } from "../../model/restart.ts";
import type { CreateContainerRequest, Service } from "../../model/service.ts";
import { command } from "../command.ts";
import { envFlag, readEnv } from "../env.ts";
import { type Io, note, print } from "../io.ts";
import { joinsOf } from "../network-spec.ts";
import { readRestart } from "../restart-policy.ts";
import { UsageError } from "../usage-error.ts";

const cannotBegin = ["COMMAND_NOT_FOUND", "COMMAND_NOT_EXECUTABLE", "SANDBOX_FAILED", "PROGRAM_MISSING"] as const;

export default command({
	operands: [{ name: "COMMAND", verbatim: true }],
	flags: {
		detach: { type: "boolean", short: "d", help: "Let it run in the background, and print its id" },
		interactive: { type: "boolean", short: "i", help: "Pass stdin on" },
		tty: { type: "boolean", short: "t", help: "Give it a terminal" },
		rm: { type: "boolean", help: "Remove it when it ends" },
		restart: {
			type: "string",
			default: "no",
			value: "POLICY",
			help: "When it begins again by itself: no, on-failure[:COUNT], always, unless-stopped",
			completes: restartNames,
		},
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
		env: envFlag,
		workdir: { type: "string", short: "w", value: "DIR", help: "Start in this folder" },
	},
	failureCode: 125,
	details: "Ends as the command ends. Without --network it has no way out of itself.",
	examples: [
		{ type: "weft run -d --name bbox1 --network ov_net1 -- sleep 1d", does: "A container in the background" },
		{
			type: "weft run -d --restart=always --network blue -- sleep 1d",
			does: "One that comes back, after a reboot too",
		},
		{ type: "weft run --rm --network blue -- ping -c 3 bbox1", does: "A command, and its output" },
		{ type: "weft run --rm -it --network blue -- sh", does: "A shell in a network" },
	],
	async run({ flags, operands, io, agent }) {
		const { detach, tty, interactive: stdin, name, hostname, rootfs, workdir } = flags;
		if (tty && !detach && io.stdin.isTTY !== true)
			throw new UsageError("Cannot give it a terminal: stdin is not one", "weft run -i, without -t");
		const restart = readRestart(flags.restart);
		const request: CreateContainerRequest = {
			command: operands,
			networks: joinsOf(flags.network, flags.ip, [...flags.alias, ...flags["network-alias"]]),
			env: readEnv(flags.env, io.env),
			tty,
			stdin,
			autoRemove: flags.rm,
			restart,
			...(name === undefined ? {} : { name }),
			...(hostname === undefined ? {} : { hostname }),
			...(rootfs === undefined ? {} : { rootfs: rootfs === "" ? rootfs : resolve(rootfs) }),
			...(workdir === undefined ? {} : { workdir }),
		};
		const service = await agent();
		const { id, warnings } = await service.containers.create(request);
		for (const warning of warnings) note(io, `warning: ${warning}`);
		try {
			return await start(service, id, { detach, io });
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
	{ detach, io }: { readonly detach: boolean; readonly io: Io },
): Promise<number> {
	if (detach) {
		await service.containers.start(id);
		print(io, id);
		return 0;
	}
	const { withItsStreams } = await import("../console.ts");
	return withItsStreams(service, id, io);
}

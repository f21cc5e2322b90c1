import type { CreateContainerRequest, NetworkJoin, Service } from "../../model/service.ts";
import { command } from "../command.ts";
import { type Io, note, print } from "../io.ts";
import { UsageError } from "../usage-error.ts";

export default command({
	operands: [{ name: "COMMAND", several: true, verbatim: true }],
	flags: {
		detach: { type: "boolean", short: "d", help: "Let it run in the background, and print its id" },
		interactive: { type: "boolean", short: "i", help: "Keep its stdin open" },
		tty: { type: "boolean", short: "t", help: "Give it a terminal" },
		rm: { type: "boolean", help: "Remove it when it ends" },
		name: { type: "string", value: "NAME", help: "Its name, in DNS too; chosen when omitted" },
		hostname: { type: "string", short: "h", value: "NAME", help: "Its host name; its short id when omitted" },
		network: {
			type: "string",
			multiple: true,
			value: "NETWORK",
			help: "Connect it; NETWORK[:ip=ADDRESS][,alias=NAME] where there are several",
			completes: "network",
		},
		ip: { type: "string", value: "ADDRESS", help: "A fixed address out of the first network's subnet" },
		alias: { type: "string", multiple: true, value: "NAME", help: "One more name of it in the first network" },
		"network-alias": { type: "string", multiple: true, value: "NAME", help: "The same as --alias", hidden: true },
		rootfs: {
			type: "string",
			value: "DIR",
			help: "Its root; a small one with busybox when omitted. DIR stays as it is",
		},
		env: { type: "string", short: "e", multiple: true, value: "NAME=VALUE", help: "Set an environment variable" },
		workdir: { type: "string", short: "w", value: "DIR", help: "Start in this folder" },
	},
	failureCode: 125,
	examples: [
		{ type: "weft run -d --name bbox1 --network ov_net1 -- sleep 1d", does: "A container in the background" },
		{ type: "weft run --rm --network blue -- ping -c 3 bbox1", does: "A command, and its output" },
	],
	async run({ flags, operands, io, agent }) {
		if (!flags.detach && (flags.interactive || flags.tty)) {
			throw new UsageError(
				"Cannot attach this terminal to a new container: weft run keeps terminals for weft exec",
				"weft run -d --name NAME … -- sleep 1d, and then weft exec -it NAME sh",
			);
		}
		const service = await agent();
		const request: CreateContainerRequest = {
			command: operands,
			networks: joins(flags.network, flags.ip, [...flags.alias, ...flags["network-alias"]]),
			env: flags.env,
			tty: flags.tty,
			stdin: flags.interactive,
			autoRemove: flags.rm,
			...(flags.name === undefined ? {} : { name: flags.name }),
			...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
			...(flags.rootfs === undefined ? {} : { rootfs: flags.rootfs }),
			...(flags.workdir === undefined ? {} : { workdir: flags.workdir }),
		};
		const { id, warnings } = await service.containers.create(request);
		for (const warning of warnings) note(io, `warning: ${warning}`);
		if (!flags.detach) return inForeground(service, id, io);
		await service.containers.start(id);
		print(io, id);
		return 0;
	},
});

/** Shows what it writes and passes signals on, until it ends. @returns Its exit code. */
async function inForeground({ containers }: Service, id: string, io: Io): Promise<number> {
	const release = io.onSignal(["SIGINT", "SIGTERM", "SIGHUP"], (signal) => {
		// It may have ended in between: then its end is told below.
		containers.kill(id, { signal }).catch(() => {});
	});
	try {
		const ended = containers.wait(id);
		await containers.start(id);
		for await (const { stream, text, partial } of containers.logs(id, { follow: true }))
			io[stream].write(partial ? text : `${text}\n`);
		return (await ended).exitCode;
	} finally {
		release();
	}
}

function joins(networks: readonly string[], ip: string | undefined, aliases: readonly string[]): NetworkJoin[] {
	const [first, ...others] = networks.map(join);
	if (first === undefined) {
		if (ip === undefined && aliases.length === 0) return [];
		throw new UsageError("Cannot use --ip or --alias without a network", "add --network NETWORK");
	}
	return [{ ...first, ...(ip === undefined ? {} : { ip }), aliases: [...first.aliases, ...aliases] }, ...others];
}

/** @returns What "blue:ip=10.0.0.9,alias=db" means. */
function join(text: string): NetworkJoin {
	const [network = "", options = ""] = text.split(/:(.*)/s);
	const pairs = options === "" ? [] : options.split(",").map((pair) => pair.split(/=(.*)/s));
	const wrong = pairs.find(([key]) => key !== "ip" && key !== "alias");
	if (wrong !== undefined)
		throw new UsageError(
			`Cannot take --network ${text}: "${wrong[0]}" is no setting of it`,
			"--network NETWORK:ip=ADDRESS,alias=NAME",
		);
	const ip = pairs.find(([key]) => key === "ip")?.[1];
	const aliases = pairs.filter(([key]) => key === "alias").map(([, value = ""]) => value);
	return { network, aliases, ...(ip === undefined ? {} : { ip }) };
}

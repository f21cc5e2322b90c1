import { setTimeout as sleep } from "node:timers/promises";
import { isWeftError } from "../../../model/error.ts";
import type { Service } from "../../../model/service.ts";
import type { HostView, StatusView } from "../../../model/view.ts";
import { command } from "../../command.ts";
import { interruptible } from "../../interruptible.ts";
import { type Io, note, print } from "../../io.ts";
import { progress } from "../../progress.ts";
import { UsageError } from "../../usage-error.ts";

/** A host goes along within a second or two. */
const followMs = 15_000;
const askAgainMs = 100;

export default command({
	operands: [],
	flags: {
		to: {
			type: "string",
			value: "URL",
			help: "Where: etcd://a:2379,b:2379, or sqlite: for an embedded store on this host",
		},
		abort: { type: "boolean", help: "End a move or a restore that nobody goes on with" },
	},
	details:
		"All hosts go along by themselves; one that is down does so when it is back. Containers and their traffic are not touched. Changes wait for a second or two. When it fails, or is interrupted, before the last step, all is as it was.",
	examples: [
		{ type: "weft store migrate --to etcd://10.0.0.5:2379", does: "From the embedded store to an etcd of your own" },
		{ type: "weft store migrate --to sqlite:", does: "Back, with this host as the store's host" },
		{ type: "weft store migrate --abort", does: "After the agent that moved it has died, and its 10 s are not over" },
	],
	async run({ flags, io, agent }) {
		if ((flags.to === undefined) === !flags.abort)
			throw new UsageError("Cannot tell what to do: one of --to and --abort is wanted", "--to etcd://10.0.0.5:2379");
		const service = await agent();
		if (flags.to === undefined) return abort(io, service);
		const { to } = { to: flags.to };
		const before = await service.status();
		const alive = (await service.hosts()).filter(({ state }) => state === "alive");
		const code = await interruptible(io, (signal) => move(io, service, to, signal));
		if (code !== 0) return code;
		return followed(io, service, { to, before, alive });
	},
});

async function abort(io: Io, { store }: Service): Promise<number> {
	const { aborted } = await store.abortMove();
	note(io, aborted === undefined ? "nothing is under way" : `ended: ${aborted}; the state can be changed again`);
	return 0;
}

async function move(io: Io, { store }: Service, to: string, signal: AbortSignal): Promise<void> {
	const shown = progress(io);
	for await (const { detail, done } of store.migrate({ to }, signal)) {
		if (done !== undefined) shown.tell(detail);
		else {
			shown.end();
			print(io, `✓ ${detail}`);
		}
	}
	shown.end();
	signal.throwIfAborted();
}

/** Waits until this host, and those that were alive, use the new store. */
async function followed(
	io: Io,
	service: Service,
	{ to, before, alive }: { readonly to: string; readonly before: StatusView; readonly alive: readonly HostView[] },
): Promise<number> {
	const deadline = performance.now() + followMs;
	let there: readonly string[] = [];
	for (;;) {
		there = await hostsAt(service, to, alive);
		if (there.length >= alive.length) break;
		if (performance.now() > deadline) {
			note(io, `${there.length} of ${alive.length} hosts are there; the others go on trying: weft hosts tells`);
			return 1;
		}
		await sleep(askAgainMs);
	}
	print(io, `✓ ${there.join(", ")} ${there.length === 1 ? "is" : "are"} there`);
	note(io, `it was ${before.store.url} before; what is left there says where it went`);
	return 0;
}

/**
 * @returns Those of the hosts that were alive that use the new store; none as long as this host does not. A former store may hold a
 *   lease of an earlier time, which began before the last one.
 */
async function hostsAt(service: Service, to: string, alive: readonly HostView[]): Promise<string[]> {
	try {
		const { store } = await service.status();
		if (store.url !== to || store.state !== "connected") return [];
		const began = new Map(alive.map(({ id, since = "" }) => [id, Date.parse(since)]));
		return (await service.hosts())
			.filter(({ id, state, since = "" }) => state === "alive" && Date.parse(since) > (began.get(id) ?? 0))
			.map(({ name }) => name);
	} catch (error) {
		// The agent takes its parts down for a moment.
		if (!isWeftError(error, "AGENT_UNREACHABLE", "STORE_UNREACHABLE", "TIMEOUT")) throw error;
		return [];
	}
}

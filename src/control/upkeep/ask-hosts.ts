import { setTimeout as sleep } from "node:timers/promises";
import { WeftError } from "../../model/error.ts";
import type { Host } from "../../model/host.ts";
import { keys } from "../../model/keys.ts";
import type { Move, MoveAnswer } from "../../model/move.ts";
import type { Store } from "../../store/store.ts";

const answersMs = 8_000;
const askAgainMs = 50;

export interface Asking {
	readonly source: Store;
	readonly move: Move;
	/** This host, which need not be asked. */
	readonly self: string;
	readonly signal: AbortSignal;
}

/** Waits until each host that lives has said that it can go along. @returns How many. @throws {WeftError} CONFLICT, TIMEOUT */
export async function askHosts({ source, move, self, signal }: Asking): Promise<number> {
	const deadline = performance.now() + answersMs;
	for (;;) {
		const [alive, answers, hosts] = await Promise.all([
			source.list(keys.alive),
			source.list(keys.moving),
			source.list(keys.hosts),
		]);
		const nameOf = new Map(hostsIn(hosts.entries).map(({ id, name }) => [id, name]));
		const answered = new Map<string, MoveAnswer>();
		for (const { key, value } of answers.entries)
			if (key !== keys.moving) answered.set(key.slice(keys.moving.length + 1), JSON.parse(value) as MoveAnswer);
		const asked = alive.entries.map(({ key }) => key.slice(keys.alive.length + 1)).filter((id) => id !== self);
		for (const id of asked) {
			const { error, id: of } = answered.get(id) ?? {};
			if (of === move.id && error !== undefined) throw cannotGo(nameOf.get(id) ?? id, move.to, error);
		}
		const silent = asked.filter((id) => answered.get(id)?.id !== move.id);
		if (silent.length === 0) return asked.length;
		if (performance.now() > deadline || signal.aborted)
			throw new WeftError(
				"TIMEOUT",
				`Cannot move the cluster's state: ${silent.map((id) => nameOf.get(id) ?? id).join(", ")} did not say whether it can go along`,
				{ fix: "weft status on that host; one that is down for long is no longer asked 10 s after it went" },
			);
		await sleep(askAgainMs);
	}
}

function cannotGo(host: string, to: string, error: string): WeftError {
	return new WeftError("CONFLICT", `Cannot move the cluster's state to ${to}: ${host} cannot go along`, {
		cause: error,
		fix: `make it reachable from ${host}; nothing was changed`,
	});
}

export function hostsIn(entries: readonly { readonly key: string; readonly value: string }[]): Host[] {
	return entries.filter(({ key }) => key.startsWith(`${keys.hosts}/`)).map(({ value }) => JSON.parse(value) as Host);
}

import { setTimeout as sleep } from "node:timers/promises";
import { at } from "../../lib/point.ts";
import { isWeftError, WeftError } from "../../model/error.ts";
import type { Host } from "../../model/host.ts";
import { keys } from "../../model/keys.ts";
import type { Move } from "../../model/move.ts";
import type { MoveStepView } from "../../model/view.ts";
import { type Lease, mayHaveHappened, type Store } from "../../store/store.ts";
import { frozen, moveIn } from "../freeze.ts";
import { askHosts, hostsIn } from "./ask-hosts.ts";
import { MoveTarget } from "./move-target.ts";

/** Of the freeze: an agent that dies while it copies unfreezes the source by that. */
const leaseTtlSeconds = 10;
const askAgainMs = 50;
/** How long it is asked whether a commit happened whose answer was lost. */
const unsureMs = 20_000;

export interface MoveOptions {
	/** Neither is a freezable one. */
	readonly source: Store;
	readonly target: Store;
	/** `state` is what the source is told first. */
	readonly move: Move & { readonly state: "leaving" };
	/** This host, which need not be asked. */
	readonly self: string;
	/** What the others need in order to go along, made in the target when the copy is whole. */
	readonly tokens: (hosts: readonly Host[]) => Promise<NonNullable<Move["tokens"]>>;
	readonly onStep: (step: MoveStepView) => void;
	/** Aborts: as long as nothing has left, all is as it was. */
	readonly signal: AbortSignal;
}

/**
 * Moves the cluster's state to another store, while everything runs. What changes meanwhile waits for a second or two: the
 * source is frozen, the copy completed and compared, and then one write says to all hosts that the state is elsewhere.
 * @throws {WeftError} STORE_NOT_EMPTY, STORE_MOVING, STORE_UNREACHABLE, CONFLICT: nothing has moved.
 */
export async function moveState(options: MoveOptions): Promise<void> {
	const { source, target, move, onStep } = options;
	await refuseFrozen(source);
	const taken = await MoveTarget.take(target, move);
	let lease: Lease | undefined;
	try {
		onStep({ what: "target", detail: `${move.to} answers, and is free` });
		// Most of it, while all still write.
		await taken.fill(await source.list(""), progressOf(onStep));
		refuseAborted(options);
		lease = await source.lease(leaseTtlSeconds);
		const revision = await freeze(source, move, lease);
		at("move frozen");
		onStep({ what: "freeze", detail: "changes wait" });
		const left = await complete(options, taken);
		at("move copied");
		refuseAborted(options);
		await commit(source, left, revision);
		at("move left");
		onStep({ what: "left", detail: `the cluster's state is at ${move.to}` });
	} catch (error) {
		// What may be the cluster's state by now is not touched.
		if (!(error instanceof UnsureError)) await undo(source, taken);
		throw error instanceof UnsureError ? error.reason : error;
	} finally {
		// Of a move that failed, this is the end of the freeze.
		await lease?.revoke().catch(() => {});
	}
}

/** Of a frozen source: asks the hosts, copies the rest, and compares. @returns What is to be said to all. */
async function complete(options: MoveOptions, taken: MoveTarget): Promise<Move> {
	const { source, move, onStep } = options;
	const hosts = await askHosts(options);
	onStep({ what: "hosts", detail: `${hosts} other ${hosts === 1 ? "host" : "hosts"} can go along` });
	const picture = await source.list("");
	await taken.fill(picture, progressOf(onStep));
	const { records, sha256 } = await taken.verify(picture);
	onStep({ what: "copy", detail: `${records} records, SHA-256 ${sha256.slice(0, 16)}… in both` });
	return { ...move, state: "left", tokens: await options.tokens(hostsIn(picture.entries)) };
}

/** The answer to a commit was lost, and the source cannot be asked. */
class UnsureError extends Error {
	readonly reason: WeftError;

	constructor(reason: WeftError) {
		super(reason.message);
		this.reason = reason;
	}
}

function progressOf(onStep: MoveOptions["onStep"]) {
	return (done: number, total: number) => onStep({ what: "copy", detail: `${done} of ${total} records`, done, total });
}

function refuseAborted({ signal }: MoveOptions): void {
	if (signal.aborted)
		throw new WeftError("CONFLICT", "Cannot go on with the move: it was given up by who began it", {
			fix: "weft store migrate does all of it again",
		});
}

async function refuseFrozen(source: Store): Promise<void> {
	const move = moveIn(await source.get(keys.moving));
	if (move !== undefined) throw frozen(move);
}

async function freeze(source: Store, move: Move, { id }: Lease): Promise<number> {
	const revision = await source.txn(
		[{ key: keys.moving, revision: 0 }],
		[{ put: keys.moving, value: JSON.stringify(move), lease: id }],
	);
	if (revision !== undefined) return revision;
	await refuseFrozen(source);
	throw new WeftError("STORE_CONFLICT", "Cannot move the cluster's state: another move ended a moment ago", {
		fix: "try again",
	});
}

/** The one write after which the state is in the target. */
async function commit(source: Store, left: Move, revision: number): Promise<void> {
	try {
		const done = await source.txn(
			[{ key: keys.moving, revision }],
			[{ put: keys.moving, value: JSON.stringify(left) }],
		);
		if (done !== undefined) return;
	} catch (error) {
		if (!mayHaveHappened(error)) throw error;
		if (await hasLeft(source, left, error as WeftError)) return;
	}
	throw new WeftError("CONFLICT", "Cannot move the cluster's state: the freeze was ended meanwhile", {
		fix: "weft store migrate does all of it again; nothing was changed",
	});
}

/** @throws {UnsureError} The source cannot be asked. */
async function hasLeft(source: Store, { id }: Move, cause: WeftError): Promise<boolean> {
	const deadline = performance.now() + unsureMs;
	for (;;) {
		try {
			const move = moveIn(await source.get(keys.moving));
			return move?.id === id && move.state === "left";
		} catch (error) {
			if (!isWeftError(error, "STORE_UNREACHABLE", "TIMEOUT")) throw error;
			if (performance.now() < deadline) {
				await sleep(askAgainMs);
				continue;
			}
			throw new UnsureError(
				new WeftError("STORE_UNREACHABLE", "Cannot tell whether the cluster's state has moved: its store went away", {
					fix: "when it is back, weft status tells where the state is",
					cause,
				}),
			);
		}
	}
}

async function undo(source: Store, taken: MoveTarget): Promise<void> {
	await taken.giveUp().catch(() => {
		// It stays marked as a copy that is not whole, which the next move takes.
	});
	const { entries } = await source.list(keys.moving).catch(() => ({ entries: [] }));
	const answers = entries.filter(({ key }) => key !== keys.moving).map(({ key }) => ({ delete: key }));
	if (answers.length > 0) await source.txn([], answers.slice(0, 60)).catch(() => {});
}

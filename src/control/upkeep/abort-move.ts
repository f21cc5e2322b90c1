import { keys } from "../../model/keys.ts";
import type { Move } from "../../model/move.ts";
import type { Store } from "../../store/store.ts";
import { frozen, moveIn } from "../freeze.ts";

/**
 * Ends what nobody goes on with.
 * @param store Not a freezable one.
 * @returns What was ended; undefined when nothing was under way.
 * @throws {WeftError} STORE_MOVING when the state has left, or is not whole.
 */
export async function abortMove(store: Store): Promise<Move | undefined> {
	const entry = await store.get(keys.moving);
	const move = moveIn(entry);
	if (entry === undefined || move === undefined) return undefined;
	if (move.state === "left" || move.state === "arriving") throw frozen(move);
	const done = await store.txn([{ key: entry.key, revision: entry.revision }], [{ delete: entry.key }]);
	return done === undefined ? abortMove(store) : move;
}

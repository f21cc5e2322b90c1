import type { Sandbox } from "../model/endpoint.ts";
import { WeftError } from "../model/error.ts";
import { localKeys } from "../model/keys.ts";
import type { Store } from "../store/store.ts";
import { attempt } from "./attempt.ts";
import { decode, encode } from "./context.ts";

/** @throws {WeftError} CONTAINER_EXISTS */
export async function addSandbox(local: Store, sandbox: Sandbox): Promise<void> {
	const key = localKeys.sandbox(sandbox.id);
	const done = await local.txn([{ key, revision: 0 }], [{ put: key, value: encode(sandbox) }]);
	if (done === undefined)
		throw new WeftError("CONTAINER_EXISTS", `Cannot add sandbox ${sandbox.id.slice(0, 12)}: it exists already`);
}

/** Removing what is gone succeeds. Its endpoints must have left before. */
export async function removeSandbox(local: Store, id: string): Promise<void> {
	await local.txn([], [{ delete: localKeys.sandbox(id) }]);
}

/** @throws {WeftError} CONTAINER_NOT_FOUND, and what `change` throws. */
export async function changeSandbox(
	local: Store,
	id: string,
	change: (sandbox: Sandbox) => Sandbox | Promise<Sandbox>,
): Promise<Sandbox> {
	const key = localKeys.sandbox(id);
	return attempt(`change sandbox ${id.slice(0, 12)}`, async () => {
		const entry = await local.get(key);
		if (entry === undefined)
			throw new WeftError("CONTAINER_NOT_FOUND", `Cannot find sandbox ${id.slice(0, 12)}: it is gone`);
		const changed = await change(decode<Sandbox>(entry));
		const done = await local.txn([{ key, revision: entry.revision }], [{ put: key, value: encode(changed) }]);
		return done === undefined ? undefined : changed;
	});
}

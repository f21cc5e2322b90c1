import { existsSync, renameSync, rmSync } from "node:fs";
import { localKeys } from "../model/keys.ts";
import type { Store } from "../store/store.ts";
import { type Credentials, writeCredentials } from "./credentials.ts";
import { readIdentity, writeIdentity } from "./identity.ts";
import { type Paths, paths } from "./paths.ts";

/** Another store that this host is to use, with what it needs for it. */
export interface StoreChange {
	readonly storeUrl: string;
	/** For a `weft://` store of another authority. */
	readonly credentials?: Credentials;
	/** The host has an authority of its own in `pki.next`. */
	readonly ownAuthority?: true;
}

/** Notes a change in one write: certificates are several files, and the identity another place. It is applied at the next start of the parts. */
export async function noteStoreChange(local: Store, change: StoreChange): Promise<void> {
	await local.txn([], [{ put: localKeys.storeChange, value: JSON.stringify(change) }]);
}

/** Applies what was noted, again if the process died in the middle of it. */
export async function applyStoreChange(local: Store, agentPaths: Paths): Promise<void> {
	const entry = await local.get(localKeys.storeChange);
	const identity = await readIdentity(local);
	if (entry === undefined || identity === undefined) return;
	const { storeUrl, credentials, ownAuthority } = JSON.parse(entry.value) as StoreChange;
	if (ownAuthority === true) replacePki(agentPaths);
	if (credentials !== undefined) await writeCredentials(paths.pki(agentPaths), credentials);
	await writeIdentity(local, { ...identity, storeUrl });
	await local.txn([], [{ delete: localKeys.storeChange }]);
}

/** Two renames; a process that died between them finds the first one done. */
function replacePki(agentPaths: Paths): void {
	const [pki, next, former] = [paths.pki(agentPaths), paths.pkiNext(agentPaths), paths.pkiFormer(agentPaths)];
	if (!existsSync(next)) return;
	if (existsSync(pki)) {
		rmSync(former, { recursive: true, force: true });
		renameSync(pki, former);
	}
	renameSync(next, pki);
}

import { existsSync, rmSync } from "node:fs";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { Authority } from "./authority.ts";
import type { ClusterStore } from "./cluster-store.ts";
import { type Paths, paths } from "./paths.ts";

/** Opens this host's own database as the store that the cluster is to have. A former store is open already. */
export async function ownStore(
	agentPaths: Paths,
	{ former }: Pick<ClusterStore, "former">,
): Promise<{ readonly store: Store; close(): Promise<void> }> {
	if (former !== undefined) return { store: former, close: async () => {} };
	const store = await openSqliteStore(paths.storeDb(agentPaths), { create: true });
	return { store, close: () => store.close() };
}

/**
 * The authority that this host is to have when its own store is the cluster's: the one that it has, where its certificate is of that
 * one or it has none; else a new one, beside what is still used.
 */
export async function ownAuthority(agentPaths: Paths, hostName: string): Promise<Authority> {
	const next = paths.pkiNext(agentPaths);
	rmSync(next, { recursive: true, force: true });
	const pki = paths.pki(agentPaths);
	const usable = !existsSync(pki) || Authority.isOwn(pki);
	return Authority.open(usable ? pki : next, hostName);
}

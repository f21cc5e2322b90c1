import type { EmbeddedStore } from "../sqlite.ts";

/** What every answer of the protocol begins with. */
export function headerOf(store: EmbeddedStore): { revision: bigint } {
	return { revision: BigInt(store.revision) };
}

import type { Entry, Expect, Write } from "../../store/store.ts";
import type { Records } from "./records.ts";

/** Every way in which a store can contradict itself. A code is permanent: scripts branch on it. */
export const findingCodes = [
	"RECORD_UNREADABLE",
	"HOST_RECORD_MISSING",
	"NETWORK_NAME_MISSING",
	"NETWORK_NAME_STALE",
	"NETWORK_NAME_TWICE",
	"NETWORK_REMAINS",
	"VNI_CLAIM_MISSING",
	"VNI_CLAIM_STALE",
	"VNI_TWICE",
	"ENDPOINT_NETWORK_GONE",
	"ENDPOINT_HOST_GONE",
	"ENDPOINT_ADDRESS_INVALID",
	"ENDPOINT_ADDRESS_TWICE",
	"ENDPOINT_NAME_TWICE",
	"ENDPOINT_CLAIM_MISSING",
	"ENDPOINT_NAME_MISSING",
	"ADDRESS_CLAIM_STALE",
	"ENDPOINT_NAME_STALE",
	"FENCE_LEFT",
	"STORE_FROZEN",
] as const;

export type FindingCode = (typeof findingCodes)[number];

/** What mends a finding, as long as what it was found by is as it was. */
export interface Mend {
	/** What it does, for a person: "gives 10.0.0.2 back". */
	readonly does: string;
	readonly expect: readonly Expect[];
	readonly writes: readonly Write[];
}

/** Something in the store that contradicts something else. No two of one check write the same key. */
export interface Finding {
	readonly code: FindingCode;
	/** The key of the record that is wrong, or lacks. */
	readonly key: string;
	readonly message: string;
	/** What a person can do, where weft alone cannot know what is right. */
	readonly fix?: string;
	readonly mend?: Mend;
}

/** @returns That each key is as it was when the records were read. */
export function asRead({ byKey }: Pick<Records, "byKey">, ...keys: readonly string[]): Expect[] {
	return [...new Set(keys)].map((key) => ({ key, revision: byKey.get(key)?.revision ?? 0 }));
}

/** @returns A mend that deletes one record. */
export function deletion({ key, revision }: Entry, does: string, alsoExpect: readonly Expect[] = []): Mend {
	return { does, expect: [{ key, revision }, ...alsoExpect], writes: [{ delete: key }] };
}

/** An id as messages show it. */
export function short(id: string): string {
	return id.slice(0, 12);
}

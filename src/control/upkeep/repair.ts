import type { Store } from "../../store/store.ts";
import { checkSnapshot } from "./check.ts";
import type { Finding } from "./finding.ts";

/** What became of a finding: `left` where weft cannot know what is right; `changed` when somebody else changed it meanwhile. */
export type Outcome = "found" | "mended" | "left" | "changed";

export interface Checked {
	/** Of the snapshot that was read first. */
	readonly revision: number;
	readonly records: number;
	readonly findings: readonly { readonly finding: Finding; readonly outcome: Outcome }[];
}

/** What is mended may uncover more: an unreadable network, once gone, leaves its claims. */
const rounds = 4;

/** Looks for what contradicts itself in the store, in one snapshot of it. */
export async function check(store: Pick<Store, "list">, nowMs: number): Promise<Checked> {
	const snapshot = await store.list("");
	const findings = checkSnapshot(snapshot, nowMs).map((finding) => ({ finding, outcome: "found" as const }));
	return { revision: snapshot.revision, records: snapshot.entries.length, findings };
}

/** Looks, and mends what can be mended, each in a transaction of its own that fails if somebody else was quicker. */
export async function repair(store: Pick<Store, "list" | "txn">, now: () => number): Promise<Checked> {
	const first = await store.list("");
	const done: { finding: Finding; outcome: Outcome }[] = [];
	let snapshot = first;
	for (let round = 1; ; round++) {
		const findings = checkSnapshot(snapshot, now());
		for (const finding of findings) {
			if (finding.mend === undefined) continue;
			const revision = await store.txn(finding.mend.expect, finding.mend.writes);
			if (revision !== undefined) done.push({ finding, outcome: "mended" });
			else if (round === rounds) done.push({ finding, outcome: "changed" });
		}
		const left = findings.filter(({ mend }) => mend === undefined);
		if (left.length === findings.length || round === rounds) {
			const all = [...done, ...left.map((finding) => ({ finding, outcome: "left" as const }))];
			return { revision: first.revision, records: first.entries.length, findings: all };
		}
		snapshot = await store.list("");
	}
}

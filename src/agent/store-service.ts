import { randomBytes } from "node:crypto";
import { backupLines } from "../control/upkeep/backup-text.ts";
import { type Checked, check, repair } from "../control/upkeep/repair.ts";
import { Restore } from "../control/upkeep/restore.ts";
import { WeftError } from "../model/error.ts";
import type { StoreService } from "../model/service.ts";
import type { StoreCheckView } from "../model/view.ts";
import type { ClusterStore } from "./cluster-store.ts";
import type { Runtime } from "./runtime.ts";
import type { StoreMover } from "./store-mover.ts";
import type { StoreRecovery } from "./store-recovery.ts";

/** Those who take the state elsewhere. */
export interface Movers {
	readonly mover: StoreMover;
	readonly recovery: StoreRecovery;
}

/** The verbs of `weft store`. */
export function storeService(
	{ control, identity, log }: Runtime,
	{ bare }: ClusterStore,
	{ mover, recovery }: Movers,
): StoreService {
	const { store, now } = control;
	let restore: Restore | undefined;
	const under = (id: string): Restore => {
		if (restore?.id === id) return restore;
		throw new WeftError("CONFLICT", "Cannot go on with the restore: it is not under way on this host", {
			fix: "weft store restore --force FILE does all of it again",
		});
	};
	return {
		async check(request) {
			const checked = await (request.repair ? repair(store, now) : check(store, now()));
			for (const { finding, outcome } of checked.findings)
				if (outcome === "mended") log.warn({ key: finding.key }, `mended the store: ${finding.message}`);
			return checkView(checked);
		},

		async *backup() {
			const date = new Date(now()).toISOString();
			const lines = backupLines(await store.list(""), { store: identity.storeUrl, host: identity.name, date });
			for (const line of lines) yield { line };
		},

		async beginRestore({ from, force }) {
			const id = randomBytes(16).toString("hex");
			const at = new Date(now()).toISOString();
			restore = await Restore.begin(bare, { from, by: identity.name, force, at, id });
			log.warn({ from }, "a backup is put in the place of the cluster's state");
			return { id };
		},

		putRecords: ({ id, records }) => under(id).put(records),

		async endRestore({ id }) {
			await under(id).end();
			restore = undefined;
			log.warn("the backup is in its place");
		},

		migrate: ({ to }, signal) => mover.migrate(to, signal),

		async abortMove() {
			const move = await mover.abort();
			return move === undefined ? {} : { aborted: move.to };
		},

		recover: () => recovery.recover(),
		join: ({ token }) => recovery.join(token),
	};
}

function checkView({ revision, records, findings }: Checked): StoreCheckView {
	return {
		revision,
		records,
		findings: findings.map(({ finding: { code, key, message, mend, fix }, outcome }) => ({
			code,
			key,
			message,
			outcome,
			...(mend === undefined ? {} : { mend: mend.does }),
			...(fix === undefined ? {} : { fix }),
		})),
	};
}

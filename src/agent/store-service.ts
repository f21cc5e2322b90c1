import { check, repair } from "../control/upkeep/repair.ts";
import type { StoreService } from "../model/service.ts";
import type { Runtime } from "./runtime.ts";

/** The verbs of `weft store`. */
export function storeService({ control, log }: Runtime): StoreService {
	const { store, now } = control;
	return {
		async check(request) {
			const { revision, records, findings } = await (request.repair ? repair(store, now) : check(store, now()));
			return {
				revision,
				records,
				findings: findings.map(({ finding, outcome }) => {
					const { code, key, message, mend, fix } = finding;
					if (outcome === "mended") log.warn({ code, key }, `mended the store: ${message}`);
					return {
						code,
						key,
						message,
						outcome,
						...(mend === undefined ? {} : { mend: mend.does }),
						...(fix === undefined ? {} : { fix }),
					};
				}),
			};
		},
	};
}

import { decode } from "../src/control/context.ts";
import type { Sandbox } from "../src/model/endpoint.ts";
import { localKeys } from "../src/model/keys.ts";
import type { Store } from "../src/store/store.ts";

/** The sandboxes of a host, as its database has them: an agent has them in its view. */
export async function listSandboxes(local: Store): Promise<Sandbox[]> {
	const { entries } = await local.list(localKeys.sandboxes);
	return entries.map((entry) => decode<Sandbox>(entry));
}

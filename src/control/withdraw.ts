import type { Sandbox } from "../model/endpoint.ts";
import { keys } from "../model/keys.ts";
import { detach } from "./attachment.ts";
import { attempt } from "./attempt.ts";
import type { ControlContext } from "./context.ts";
import { releaseEndpoint } from "./release-endpoint.ts";
import { changeSandbox } from "./sandbox.ts";

/** Takes a connection off the host's own note, and nothing else. */
export async function forgetAttachment({ local }: ControlContext, sandboxId: string, networkId: string): Promise<void> {
	await changeSandbox(local, sandboxId, (sandbox) => detach(sandbox, networkId));
}

/** Ends a connection for this host at once; {@link takeBackWithdrawn} ends it for the cluster, when the store answers. */
export async function withdrawAttachment(
	{ local }: ControlContext,
	sandboxId: string,
	networkId: string,
): Promise<void> {
	await changeSandbox(local, sandboxId, (sandbox) => {
		const leaving = sandbox.attachments.find((attachment) => attachment.networkId === networkId);
		if (leaving === undefined) return sandbox;
		const withdrawn = [...(sandbox.withdrawn ?? []), { networkId, endpointId: leaving.endpointId }];
		return { ...detach(sandbox, networkId), withdrawn };
	});
}

/** Takes what was withdrawn out of the cluster, where it may have arrived, and keeps it out if it is still on its way. */
export async function takeBackWithdrawn(context: ControlContext, { id, withdrawn = [] }: Sandbox): Promise<void> {
	for (const { networkId, endpointId } of withdrawn) {
		await takeBack(context, networkId, endpointId);
		await changeSandbox(context.local, id, (sandbox) => withoutWithdrawn(sandbox, endpointId));
	}
}

/** Takes an endpoint of this host out of the cluster, and keeps it out if it is still on its way. */
export async function takeBack(context: ControlContext, networkId: string, endpointId: string): Promise<void> {
	await raiseFence(context, networkId);
	await releaseEndpoint(context, networkId, endpointId);
}

async function raiseFence({ store, self }: ControlContext, networkId: string): Promise<void> {
	await attempt("take back a connection", async () => {
		const network = await store.get(keys.network(networkId));
		// Nobody comes into a network that is gone.
		if (network === undefined) return true;
		const fence = { put: keys.fence(networkId, self.id), value: "" };
		const done = await store.txn([{ key: network.key, revision: network.revision }], [fence]);
		return done === undefined ? undefined : true;
	});
}

function withoutWithdrawn({ withdrawn = [], ...sandbox }: Sandbox, endpointId: string): Sandbox {
	const left = withdrawn.filter((one) => one.endpointId !== endpointId);
	return left.length === 0 ? sandbox : { ...sandbox, withdrawn: left };
}

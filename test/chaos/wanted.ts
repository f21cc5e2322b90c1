import { type Ipv4, macOf } from "../../src/model/address.ts";
import type { ContainerView, NetworkView } from "../../src/model/view.ts";
import type { Model, ModelBox } from "./model.ts";

/** What only weft knows: ids, VNIs, and addresses on the gateway bridge. */
export interface Known {
	readonly networks: ReadonlyMap<string, NetworkView>;
	/** By name. */
	readonly containers: ReadonlyMap<string, ContainerView>;
	readonly vteps: ReadonlyMap<string, string>;
}

/** What a host has to hold, as the model says it: lines as {@link held} writes them. */
export function wanted(model: Model, known: Known, host: string): string[] {
	const local = model.running(host);
	const ended = [...model.boxes.values()].filter((box) => box.host === host && box.state === "ended");
	const networks = [...model.networks.keys()].filter((name) => local.some(({ addresses }) => addresses.has(name)));
	const lines = networks.flatMap((name) => overlayLines(model, known, host, name));
	for (const box of local) lines.push(...runningLines(known, box));
	for (const box of ended) {
		const id = idOf(known, box);
		lines.push(`container ${id}`, `exit ${id}`);
	}
	const out = local.filter((box) => model.hasWayOut(box));
	if (out.length > 0) lines.push("host weft_gwbridge up", "host table bridge weft");
	for (const box of out) {
		const port = `wgw${idOf(known, box)}`;
		const address = known.containers.get(box.name)?.gatewayBridge?.ipAddress;
		lines.push(`host ${port} on weft_gwbridge up`, `host addresses ${port} ${address}`, `host ports ${port}`);
	}
	if (networks.length > 0) {
		lines.push("host table inet weft");
		for (const vtep of known.vteps.values()) lines.push(`host vteps ${vtep}`);
	}
	return lines.sort((a, b) => (a < b ? -1 : 1));
}

function overlayLines(model: Model, { networks, vteps }: Known, host: string, name: string): string[] {
	const network = networks.get(name);
	if (network === undefined) return [`a network ${name}`];
	const ns = network.netns;
	const lines = [`netns ${ns}`, `${ns} br0 up`, `${ns} vxlan1 vni ${network.vni} on br0 up`, `${ns} table bridge weft`];
	for (const box of model.in(name)) {
		const address = box.addresses.get(name) ?? "";
		const mac = macOf(address as Ipv4);
		if (box.host === host)
			lines.push(`${ns} veth on br0 up`, `${ns} fdb ${mac} by veth`, `${ns} addresses veth ${address}`);
		else
			lines.push(
				`${ns} fdb ${mac} by vxlan`,
				`${ns} fdb ${mac} at ${vteps.get(box.host)}`,
				`${ns} neigh ${address} ${mac}`,
			);
	}
	return lines;
}

function runningLines(known: Known, box: ModelBox): string[] {
	const id = idOf(known, box);
	return [`netns weft-${id}`, `conmon ${id}`, `container ${id}`, `socket ${id}`, `mount ${id}`];
}

function idOf({ containers }: Known, { name }: ModelBox): string {
	return containers.get(name)?.id.slice(0, 12) ?? `of ${name}`;
}

import type { RestartPolicy } from "../../src/model/restart.ts";

/** What weft promises, as plain as it can be said: who is in which network, under which name, with which address. */
export interface ModelBox {
	readonly name: string;
	readonly host: string;
	/** `ended`: it has left its networks. */
	state: "running" | "ended";
	/** The address in each network, by the network's name. */
	readonly addresses: Map<string, string>;
	readonly restart: RestartPolicy["name"];
	/** Of one that has ended: the networks that it left, with its addresses there. */
	left: ReadonlyMap<string, string>;
}

/** In the place of an address: the box ended before it could be asked for, and says it when it runs again. */
export const notTold = "not told";

export interface ModelNetwork {
	readonly name: string;
	readonly internal: boolean;
}

export class Model {
	readonly networks = new Map<string, ModelNetwork>();
	readonly boxes = new Map<string, ModelBox>();

	running(host?: string): ModelBox[] {
		return [...this.boxes.values()].filter(
			(box) => box.state === "running" && (host === undefined || box.host === host),
		);
	}

	in(network: string): ModelBox[] {
		return this.running().filter(({ addresses }) => addresses.has(network));
	}

	/** @returns The networks that both are in. */
	shared(a: ModelBox, b: ModelBox): string[] {
		return [...a.addresses.keys()].filter((network) => b.addresses.has(network));
	}

	/** Whether a box has a way out into the world. */
	hasWayOut({ addresses }: ModelBox): boolean {
		return [...addresses.keys()].some((network) => this.networks.get(network)?.internal === false);
	}

	/** Notes the addresses that boxes were given while nobody looked. @param addressOf What the box says of itself. */
	learn(addressOf: (box: ModelBox, network: string) => string | undefined): void {
		for (const box of this.running())
			for (const [network, address] of box.addresses)
				if (address === notTold) box.addresses.set(network, addressOf(box, network) ?? notTold);
	}

	/** Somebody stopped it. */
	end(box: ModelBox): void {
		if (box.state === "ended") return;
		box.state = "ended";
		box.left = new Map(box.addresses);
		box.addresses.clear();
	}

	/** Its process was killed: by itself it comes back, where it was, or not at all. */
	die(box: ModelBox): void {
		if (box.restart === "no") this.end(box);
	}

	/** It comes back into the networks that it left, at its addresses: while they rest, nobody else gets them. */
	begin(box: ModelBox): void {
		if (box.state === "running") return;
		box.state = "running";
		for (const [network, address] of box.left) box.addresses.set(network, address);
	}

	/** Whether one that has ended can come back. */
	canBegin({ state, left }: ModelBox): boolean {
		return state === "ended" && [...left.keys()].every((network) => this.networks.has(network));
	}

	/** The agent of a host was started anew: until then, and no longer, a stop holds under `always`. */
	noteAgentStart(host: string): void {
		for (const box of this.boxes.values()) if (box.host === host && box.restart === "always") this.begin(box);
	}

	/** Whether one that has ended begins by itself, sooner or later, in this network. */
	isAwaited(network: string): boolean {
		return [...this.boxes.values()].some(({ restart, left }) => restart === "always" && left.has(network));
	}
}

/** What weft promises, as plain as it can be said: who is in which network, under which name, with which address. */
export interface ModelBox {
	readonly name: string;
	readonly host: string;
	/** `ended`: it has left its networks. */
	state: "running" | "ended";
	/** The address in each network, by the network's name. */
	readonly addresses: Map<string, string>;
}

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

	end(box: ModelBox): void {
		box.state = "ended";
		box.addresses.clear();
	}
}

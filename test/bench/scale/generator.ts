import { readFileSync } from "node:fs";
import { encode } from "../../../src/control/context.ts";
import { type Ipv4, ipv4FromNumber, macOf } from "../../../src/model/address.ts";
import type { Endpoint } from "../../../src/model/endpoint.ts";
import type { Host } from "../../../src/model/host.ts";
import { keys } from "../../../src/model/keys.ts";
import type { Network } from "../../../src/model/network.ts";
import { type Prefix, spanOf } from "../../../src/model/prefix.ts";
import { openEtcdStore } from "../../../src/store/etcd.ts";
import { maxOperations, type Store, type Write } from "../../../src/store/store.ts";

const hex = (text: string, digits: number) => Buffer.from(text).toString("hex").padEnd(digits, "0").slice(0, digits);

/** A member's way into the store of its cluster, with that member's certificate. */
export function openStoreOf(stateDir: string, url: string): Store {
	const pem = (name: string) => readFileSync(`${stateDir}/pki/${name}`, "utf8");
	const tls = { ca: pem("ca.crt"), cert: pem("agent.crt"), key: pem("agent.key"), serverName: "weft-store" };
	return openEtcdStore("the bench", [url], { tls });
}

/** Writes what hosts that are not there would have written: themselves, and endpoints in networks. */
export class Generator {
	readonly #store: Store;
	readonly #hosts: Host[];

	constructor(store: Store, hosts: number) {
		this.#store = store;
		this.#hosts = Array.from({ length: hosts }, (_, n) => ({
			id: hex(`far${n}`, 32),
			name: `far${n}`,
			vtep: ipv4FromNumber(0xc0a8_38c8 + n),
			agentPort: 4790,
			underlayMtuBytes: 1500,
			version: "bench",
			routes: ["192.168.56.0/24" as Prefix],
			joinedAt: new Date(0).toISOString(),
		}));
	}

	async hosts(): Promise<void> {
		await this.#write(
			this.#hosts.flatMap((host) => [
				{ put: keys.host(host.id), value: encode(host) },
				{ put: keys.aliveHost(host.id), value: encode({ epoch: 1, since: host.joinedAt }) },
			]),
		);
	}

	/** @returns The `n`th endpoint of a network; from its upper half of addresses. */
	endpoint(network: Network, n: number): Endpoint {
		const host = this.#hosts[n % this.#hosts.length] as Host;
		const { first, last } = spanOf(network.subnet);
		const address: Ipv4 = ipv4FromNumber(last - 1 - n);
		if (last - 1 - n < (first + last) / 2 - 256) throw new RangeError(`network ${network.name} has no room for ${n}`);
		return {
			id: hex(`${network.name}/${n}`, 64),
			networkId: network.id,
			hostId: host.id,
			sandboxId: hex(`sandbox/${network.name}/${n}`, 64),
			name: `far-${n}`,
			aliases: [],
			address,
			mac: macOf(address),
		};
	}

	async put(endpoints: readonly Endpoint[]): Promise<void> {
		await this.#write(
			endpoints.flatMap((one) => [
				{ put: keys.address(one.networkId, one.address), value: encode({ endpoint: one.id }) },
				{ put: keys.endpointName(one.networkId, one.name), value: one.id },
				{ put: keys.endpoint(one.networkId, one.id), value: encode(one) },
			]),
		);
	}

	/** As when a container starts elsewhere, and ends. */
	async come(one: Endpoint): Promise<void> {
		await this.put([one]);
	}

	async go(one: Endpoint): Promise<void> {
		await this.#write([
			{ put: keys.address(one.networkId, one.address), value: encode({ releasedAt: Date.now() }) },
			{ delete: keys.endpointName(one.networkId, one.name) },
			{ delete: keys.endpoint(one.networkId, one.id) },
		]);
	}

	async #write(writes: readonly Write[]): Promise<void> {
		for (let i = 0; i < writes.length; i += maxOperations)
			await this.#store.txn([], writes.slice(i, i + maxOperations));
	}
}

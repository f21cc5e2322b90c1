import { ipv4, macOf } from "../src/model/address.ts";
import type { Endpoint, Sandbox } from "../src/model/endpoint.ts";
import type { Host } from "../src/model/host.ts";
import type { Network } from "../src/model/network.ts";
import { prefix } from "../src/model/prefix.ts";

/** @returns A network as the tutorial makes it; `n` tells several apart. */
export function sampleNetwork(n = 0, changes: Partial<Network> = {}): Network {
	return {
		id: `${n}`.padStart(10, "a").padEnd(64, "0"),
		name: `ov_net${n + 1}`,
		driver: "overlay",
		vni: 256 + n,
		subnet: prefix(`10.0.${n}.0/24`),
		gateway: ipv4(`10.0.${n}.1`),
		auxAddresses: {},
		internal: false,
		labels: {},
		createdAt: "2026-01-01T00:00:00.000Z",
		...changes,
	};
}

/** @returns host1 at 192.168.56.101, host2 at .102 … */
export function sampleHost(n: number): Host {
	return {
		id: `${n}`.repeat(32),
		name: `host${n}`,
		vtep: ipv4(`192.168.56.${100 + n}`),
		agentPort: 4790,
		underlayMtuBytes: 1500,
		version: "0.1.0",
		routes: [],
		joinedAt: "2026-01-01T00:00:00.000Z",
	};
}

/** @returns The endpoint with the last octet `n` in `network`, on `host`, in the sandbox of the same number. */
export function sampleEndpoint(network: Network, n: number, host: Host): Endpoint {
	const address = ipv4(network.gateway.replace(/\.1$/, `.${n}`));
	return {
		id: `e${n}`.padEnd(64, "0"),
		networkId: network.id,
		hostId: host.id,
		sandboxId: sampleSandboxId(n),
		name: `bbox${n}`,
		aliases: [],
		address,
		mac: macOf(address),
	};
}

export function sampleSandboxId(n: number): string {
	return `${n}`.padStart(12, "b").padEnd(64, "0");
}

/** @returns A sandbox of weft's own, with one endpoint in each of `networks`, and a way out. */
export function sampleSandbox(n: number, networks: readonly Network[]): Sandbox {
	const id = sampleSandboxId(n);
	return {
		id,
		name: `bbox${n}`,
		netns: `weft-${id.slice(0, 12)}`,
		owned: true,
		attachments: networks.map((network, i) => ({
			networkId: network.id,
			endpointId: `e${n}`.padEnd(64, "0"),
			port: n - 2,
			ifname: `eth${i}`,
			wayOut: !network.internal,
		})),
		gateway: { address: ipv4(`172.18.0.${n}`), ifname: `eth${networks.length}` },
	};
}

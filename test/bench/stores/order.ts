/** What a worker is told first. */
export interface Order {
	readonly url: string;
	/** The number of its first agent, and how many it runs. */
	readonly first: number;
	readonly count: number;
	/** Of all workers. */
	readonly hosts: number;
	/** Names. */
	readonly networks: readonly string[];
	/** Endpoints of each agent. */
	readonly each: number;
	/** Endpoints that each agent must know of in the end. */
	readonly known: number;
}

/** What a worker tells. */
export type Told =
	| { readonly state: "started" | "joined" }
	| { readonly state: "converged"; readonly cpuMs: number; readonly megabytesEach: number };

/** Networks that each host is in, and hosts that each network has. */
export const networksEach = 5;
export const hostsEach = 10;

/** @returns Those of a host: neighbours share most of theirs, and each network has as many hosts. */
export function networksOf(host: number, networks: readonly string[]): string[] {
	return Array.from({ length: networksEach }, (_, k) => networks[(host + k * 7) % networks.length] ?? "");
}

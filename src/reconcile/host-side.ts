import { forwardDropped } from "../drivers/forward.ts";
import { compileHost, type GatewayPool, hostGuard, vtepElement } from "../drivers/gateway.ts";
import { Counted } from "../lib/counted.ts";
import type { Ipv4 } from "../model/address.ts";
import type { SandboxId } from "../model/endpoint.ts";
import type { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { Fragments } from "./fragments.ts";
import type { Surroundings } from "./surroundings.ts";

export interface HostSideOptions {
	readonly self: Host;
	readonly gatewayPool: GatewayPool;
	surroundings(): Surroundings;
}

/** What is guarded: nothing, as nothing listens; the tunnels; the gateway bridge as well. */
type Guard = "none" | "tunnels" | "gateway";

const [hostFragment, guardFragment] = ["host", "guard"];
const noSurroundings: Surroundings = { forwardFilters: [], uplinks: [] };

/** Compiles what the host's own namespace needs. A member that comes or goes costs the one element that lets it in. */
export class HostSide {
	/** What of the surroundings stands in the way, and cannot be moved. */
	problems: readonly WeftError[] = [];
	readonly #fragments: Fragments;
	readonly #options: HostSideOptions;
	/** As last read; absent when they may have changed since. */
	#surroundings: Surroundings | undefined;
	/** Sandboxes that have a way out. */
	readonly #waysOut = new Set<SandboxId>();
	/** Of all members. */
	readonly #vteps = new Counted<Ipv4>();
	readonly #staleVteps = new Set<Ipv4>();
	#guard: Guard = "none";
	#stale = true;

	constructor(fragments: Fragments, options: HostSideOptions) {
		this.#fragments = fragments;
		this.#options = options;
		this.#vteps.add(options.self.vtep);
	}

	/** The firewall chains of other programs, or the host's interfaces, may have changed: they are read again when they matter. */
	touchSurroundings(): void {
		this.#surroundings = undefined;
		this.#stale = true;
	}

	noteMember(before: Host | undefined, now: Host | undefined): void {
		if (before?.vtep === now?.vtep) return;
		if (now !== undefined && this.#vteps.add(now.vtep)) this.#staleVteps.add(now.vtep);
		if (before !== undefined && this.#vteps.take(before.vtep)) this.#staleVteps.add(before.vtep);
	}

	noteWayOut(id: SandboxId, has: boolean): void {
		if (has === this.#waysOut.has(id)) return;
		if (has) this.#waysOut.add(id);
		else this.#waysOut.delete(id);
		this.#stale = true;
	}

	/** Compiles what is stale. @param networks How many have an endpoint on this host. */
	refresh(networks: number): void {
		const wayOut = this.#waysOut.size > 0;
		const guard: Guard = wayOut ? "gateway" : networks > 0 ? "tunnels" : "none";
		if (guard !== this.#guard) this.#compileGuard(guard);
		for (const vtep of this.#staleVteps) this.#compileVtep(vtep);
		this.#staleVteps.clear();
		if (this.#stale) this.#compileHost(wayOut);
		this.#stale = false;
	}

	/** What is in a table comes and goes with it. */
	#compileGuard(guard: Guard): void {
		this.#guard = guard;
		const gateway = guard === "gateway" ? this.#options.gatewayPool : undefined;
		this.#fragments.set(guardFragment, guard === "none" ? [] : [hostGuard(gateway)]);
		for (const vtep of this.#vteps.values()) this.#compileVtep(vtep);
	}

	#compileVtep(vtep: Ipv4): void {
		const wanted = this.#guard !== "none" && this.#vteps.has(vtep);
		this.#fragments.set(`vtep ${vtep}`, wanted ? [vtepElement(vtep)] : []);
	}

	#compileHost(wayOut: boolean): void {
		if (wayOut) this.#surroundings ??= this.#options.surroundings();
		const { forwardFilters, uplinks } = (wayOut ? this.#surroundings : undefined) ?? noSurroundings;
		this.problems = forwardFilters.filter(({ owned }) => owned).map((filter) => forwardDropped(filter, uplinks));
		const gateway = wayOut ? { gateway: this.#options.gatewayPool } : {};
		this.#fragments.set(hostFragment, compileHost({ ...gateway, forwardFilters, uplinks }));
	}
}

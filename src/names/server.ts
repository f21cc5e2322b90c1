import { Picture, type PictureChange } from "../dns/picture.ts";
import { codeOf } from "../kernel/errno.ts";
import { limitReached } from "../kernel/limit.ts";
import { nameserver, type SandboxId } from "../model/endpoint.ts";
import { type ErrorBody, isWeftError, WeftError } from "../model/error.ts";
import type { NetnsRef } from "../model/kernel-state.ts";
import type { Forwarder } from "./forward.ts";
import { SandboxServer, type SocketMaker } from "./sandbox-server.ts";

/** All name servers of this host, and the picture that they answer from. */
export class NamesServer {
	readonly #forwarder: Forwarder;
	readonly #sockets: SocketMaker;
	readonly #servers = new Map<SandboxId, SandboxServer>();
	readonly #failed = new Map<SandboxId, ErrorBody>();
	#picture = new Picture();

	constructor(forwarder: Forwarder, sockets: SocketMaker) {
		this.#forwarder = forwarder;
		this.#sockets = sockets;
	}

	/** Applies changes, or a whole new picture; sockets of sandboxes that stay are not touched. @returns Sandboxes without sockets, and why. */
	apply(changes: readonly PictureChange[], whole: boolean): Record<SandboxId, ErrorBody> {
		if (whole) this.#picture = new Picture();
		for (const change of changes) this.#picture.apply(change);
		if (whole) this.#serveAll();
		else for (const change of changes) if ("sandbox" in change) this.#serve(change.sandbox);
		return Object.fromEntries(this.#failed);
	}

	changes(): Iterable<PictureChange> {
		return this.#picture.changes();
	}

	close(): void {
		for (const server of this.#servers.values()) server.close();
	}

	#serveAll(): void {
		const old = new Map(this.#servers);
		this.#failed.clear();
		for (const id of old.keys()) if (!this.#picture.sandboxes.has(id)) this.#serve(id);
		for (const id of this.#picture.sandboxes.keys()) this.#serve(id);
	}

	#serve(id: SandboxId): void {
		const wanted = this.#picture.sandboxes.get(id);
		const server = this.#servers.get(id);
		if (server !== undefined && wanted !== undefined && server.cookie === this.#cookieOf(wanted.netns)) {
			server.picture = this.#picture;
			return;
		}
		server?.close();
		this.#servers.delete(id);
		this.#failed.delete(id);
		if (wanted === undefined) return;
		try {
			this.#servers.set(id, new SandboxServer(wanted.netns, id, this.#picture, this.#forwarder, this.#sockets));
		} catch (error) {
			this.#failed.set(id, cannotServe(id, error).toBody());
		}
	}

	/** @returns undefined for a namespace that is not there. */
	#cookieOf(netns: NetnsRef): string | undefined {
		try {
			return this.#sockets.cookie(netns);
		} catch {
			return undefined;
		}
	}
}

/** @returns The error for a sandbox without sockets. */
function cannotServe(id: SandboxId, cause: unknown): WeftError {
	const task = `Cannot serve names to sandbox ${id.slice(0, 12)}`;
	if (isWeftError(cause, "KERNEL_LIMIT")) return cause;
	return (
		limitReached(task, codeOf(cause), cause) ??
		new WeftError("SANDBOX_FAILED", `${task}: nothing can listen at ${nameserver}:53 in it`, {
			fix: "check that its lo is up, and that no other program listens there",
			cause,
		})
	);
}

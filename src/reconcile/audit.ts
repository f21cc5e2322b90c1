import { hostNetns, type NetnsRef } from "../model/kernel-state.ts";

export interface AuditOptions {
	/** All namespaces that weft has, or had, anything in. */
	readonly namespaces: () => Iterable<NetnsRef>;
	/** How many resources are wanted in a namespace: to read it takes as long. */
	readonly sizeOf: (ns: NetnsRef) => number;
	/** Has namespaces read, and mended. */
	readonly look: (namespaces: readonly NetnsRef[]) => void;
	/** Called when an audit begins. */
	readonly onBegin: () => void;
}

/**
 * Each namespace is read this often, where that takes no more than a few hundredths of a processor; with more to read it takes longer. It finds
 * what makes no event (sysctls); what an overrun event queue lost is looked for at once.
 */
const everyMs = 30_000;
const leastStepMs = 1_000;

/** About 20 ms of reading: what comes meanwhile does not wait longer. */
const stepSize = 500;
/** Of a namespace as such: to enter it, and to ask. */
const ownSize = 25;

/** Has all namespaces looked at in turns, a few at a time and evenly spread, so that a host with a thousand of them never stands still. */
export class Audit {
	/** When the last round was through. */
	doneAt: Date | undefined;
	readonly #options: AuditOptions;
	#left: NetnsRef[] = [];
	#stepMs = everyMs;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: AuditOptions) {
		this.#options = options;
	}

	/** Has everything looked at, and again from then on. */
	start(): void {
		this.all();
		this.#later();
	}

	/** Has everything looked at, at once. */
	all(): void {
		this.#begin();
		this.#look(this.#left.splice(0));
	}

	close(): void {
		clearTimeout(this.#timer);
	}

	#later(): void {
		this.#timer = setTimeout(() => this.#step(), this.#stepMs);
		this.#timer.unref();
	}

	#step(): void {
		if (this.#left.length === 0) this.#begin();
		let size = 0;
		const some: NetnsRef[] = [];
		while (size < stepSize && this.#left.length > 0) {
			const ns = this.#left.shift() as NetnsRef;
			some.push(ns);
			size += this.#sizeOf(ns);
		}
		this.#look(some);
		this.#later();
	}

	#begin(): void {
		this.#options.onBegin();
		this.#left = [...new Set([hostNetns, ...this.#options.namespaces()])];
		const size = this.#left.reduce((sum, ns) => sum + this.#sizeOf(ns), 0);
		this.#stepMs = Math.max(leastStepMs, everyMs / Math.ceil(size / stepSize));
	}

	#look(namespaces: readonly NetnsRef[]): void {
		if (this.#left.length === 0) this.doneAt = new Date();
		this.#options.look(namespaces);
	}

	#sizeOf(ns: NetnsRef): number {
		return ownSize + this.#options.sizeOf(ns);
	}
}

import type { Kernel, OpResult } from "../kernel/kernel.ts";
import { at } from "../lib/point.ts";
import { isWeftError, type WeftError } from "../model/error.ts";
import type { KernelOp } from "../model/kernel-op.ts";
import { hostNetns, keyOf, type NetnsRef } from "../model/kernel-state.ts";
import { plan } from "../plan/diff.ts";
import { untilApplied } from "./applied.ts";
import { Audit } from "./audit.ts";
import { Comparison } from "./comparison.ts";
import { Drift } from "./drift.ts";
import { Failures } from "./failures.ts";
import type { FragmentId, Fragments } from "./fragments.ts";
import { Observed } from "./observed.ts";
import { Pacing } from "./pacing.ts";
import { Retry } from "./retry.ts";

export interface LoopOptions {
	readonly kernel: Kernel;
	readonly fragments: Fragments;
	/** Brings the fragments up to date: called at the start of each round. */
	readonly refresh: () => void;
	/** Told of each round that did something, with what the kernel said. */
	readonly onRound: (results: readonly OpResult[]) => void;
	/** Told why a round could not be made: it is tried again. */
	readonly onStuck: (error: WeftError) => void;
	/** Told of the operations that were done because of drift. */
	readonly onMended: (ops: readonly KernelOp[]) => void;
	/** Called when the surroundings are to be looked at anew, too: at each audit, and when another program changed the host's namespace. */
	readonly onSurroundings: () => void;
}

/** The longest stretch of kernel work between two turns of the event loop. */
const sliceMs = 5;

/** Operations that are handed to the kernel at once: one send, well below a slice. */
const batchSize = 64;

/** In the place of a namespace: some of their events were lost. */
const everywhere = Symbol("everywhere");

/**
 * Makes the kernel equal to the desired state, again and again: after each change of it, after each change of the kernel
 * that weft did not make, after each refusal (with backoff), and in an audit every 30 s. One path for all of them.
 */
export class ReconcileLoop {
	readonly #options: LoopOptions;
	readonly observed: Observed;
	readonly failures = new Failures();
	/** Operations that drift made necessary, since the start. */
	mended = 0;
	readonly #retry = new Retry(() => this.poke());
	readonly #comparison: Comparison;
	readonly #drift = new Drift();
	readonly #waiters: (() => void)[] = [];
	#unsubscribe = () => {};
	readonly #audit: Audit;
	readonly #pacing = new Pacing<NetnsRef | typeof everywhere>((place) => this.#look(place));
	#running = false;
	#poked = false;
	#closed = false;

	constructor(options: LoopOptions) {
		this.#options = options;
		this.observed = new Observed(options.kernel);
		this.#comparison = new Comparison(options.kernel, options.fragments, this.observed);
		const { fragments } = options;
		this.#audit = new Audit({
			// Of weft's own also those that nothing wants any more: so they are removed.
			namespaces: () => [...this.#ownNetns(), ...fragments.namespaces(), ...this.observed.namespaces()],
			sizeOf: (ns) => fragments.sizeOf(ns),
			look: (namespaces) => {
				for (const ns of namespaces) this.observed.doubt(ns);
				this.poke();
			},
			onBegin: () => options.onSurroundings(),
		});
	}

	/** Starts to listen to the kernel and to audit it, with an audit at once. */
	start(): void {
		this.#unsubscribe = this.#options.kernel.subscribe((event) =>
			this.#pacing.note(event.kind === "overrun" ? everywhere : event.ns),
		);
		this.#audit.start();
	}

	#look(place: NetnsRef | typeof everywhere): void {
		if (place === everywhere) this.observed.doubtAll();
		else this.observed.doubt(place);
		if (place === everywhere || place === hostNetns) this.#options.onSurroundings();
		this.poke();
	}

	/** Looks at everything anew. */
	audit(): void {
		this.#audit.all();
	}

	/** When all namespaces were last looked at. */
	get auditedAt(): Date | undefined {
		return this.#audit.doneAt;
	}

	/** Starts a round, or another one after the round that is on its way. */
	poke(): void {
		this.#poked = true;
		if (this.#running || this.#closed) return;
		this.#running = true;
		// In a turn of its own: what comes in one turn is one round.
		setImmediate(() => void this.#run());
	}

	/** Resolves when a round that began after this call is done. */
	settled(): Promise<void> {
		return new Promise((resolve) => {
			this.#waiters.push(resolve);
			this.poke();
		});
	}

	/**
	 * Resolves when the kernel holds all of a fragment.
	 * @throws {WeftError} What the kernel refused, or TIMEOUT, when `timeoutMs` have passed: the loop goes on trying.
	 */
	applied(id: FragmentId, timeoutMs: number): Promise<void> {
		return untilApplied(this, this.#options.fragments, id, timeoutMs);
	}

	close(): void {
		this.#closed = true;
		this.#unsubscribe();
		this.#audit.close();
		this.#pacing.close();
		this.#retry.close();
	}

	async #run(): Promise<void> {
		while (this.#poked && !this.#closed) {
			this.#poked = false;
			const waiters = this.#waiters.splice(0);
			const results = await this.#attempt();
			if (results === undefined || results.some(({ error }) => error !== undefined)) this.#retry.later();
			else this.#retry.reset();
			if (this.observed.takePlanAgain()) this.#poked = true;
			for (const resolve of waiters) resolve();
		}
		this.#running = false;
	}

	/** @returns What a round did; undefined when the kernel does not even let itself be looked at: then all is in doubt. */
	async #attempt(): Promise<OpResult[] | undefined> {
		try {
			const results = await this.#round();
			this.failures.noteRound(undefined);
			if (results.length > 0) this.#options.onRound(results);
			return results;
		} catch (cause) {
			this.#noteStuck(cause);
			this.observed.doubtAll();
			for (const ns of this.#options.fragments.namespaces()) this.observed.doubt(ns);
			return undefined;
		}
	}

	#ownNetns(): readonly NetnsRef[] {
		try {
			return this.#options.kernel.listNetns();
		} catch (cause) {
			this.#noteStuck(cause);
			return [];
		}
	}

	/** @throws What no kernel said: it is a mistake of this program. */
	#noteStuck(cause: unknown): void {
		if (!isWeftError(cause)) throw cause;
		this.failures.noteRound(cause);
		this.#options.onStuck(cause);
	}

	async #round(): Promise<OpResult[]> {
		this.#options.refresh();
		const { changed, observed, desired, keys } = this.#comparison.next();
		const ops = plan(observed, desired);
		const due = new Set(ops.map(({ resource }) => keyOf(resource)));
		for (const key of keys) if (!due.has(key)) this.failures.forget(key);
		const results = await this.#apply(ops);
		const mended = this.#drift.note(changed, results);
		this.mended += mended.length;
		if (mended.length > 0) this.#options.onMended(mended);
		return results;
	}

	async #apply(ops: readonly KernelOp[]): Promise<OpResult[]> {
		const results: OpResult[] = [];
		let began = performance.now();
		for (let i = 0; i < ops.length; i += batchSize) {
			for (const result of this.#options.kernel.apply(ops.slice(i, i + batchSize))) {
				this.#note(result);
				results.push(result);
			}
			at("plan sent");
			if (performance.now() - began < sliceMs) continue;
			await new Promise((resolve) => setImmediate(resolve));
			began = performance.now();
		}
		return results;
	}

	#note(result: OpResult): void {
		this.observed.note(result);
		this.failures.note(result);
		const { op, error } = result;
		if (error === undefined && op.verb === "del" && op.resource.kind === "netns")
			this.#comparison.forget(op.resource.name);
	}
}

import type { GatewayPool } from "../drivers/gateway.ts";
import type { Kernel, OpResult } from "../kernel/kernel.ts";
import type { WeftError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import type { KernelOp } from "../model/kernel-op.ts";
import { localKeys } from "../model/keys.ts";
import type { Store } from "../store/store.ts";
import { Desired } from "./desired.ts";
import { LocalCopy } from "./local-copy.ts";
import { ReconcileLoop } from "./loop.ts";
import { OwnRecords } from "./own-records.ts";
import { isPresent } from "./presence.ts";
import { surroundingsOf } from "./surroundings.ts";
import { View, type ViewChange } from "./view.ts";

export interface ReconcilerOptions {
	readonly store: Store;
	readonly local: Store;
	readonly kernel: Kernel;
	readonly self: Host;
	readonly gatewayPool: GatewayPool;
	/** Told of each change of the view. */
	readonly onChange: (change: ViewChange, view: View) => void;
	/** Told after the changes of one batch. */
	readonly onBatch: () => void;
	readonly onRound: (results: readonly OpResult[]) => void;
	/** Told why a round could not be made: it is tried again. */
	readonly onStuck: (error: WeftError) => void;
	/** Told of the operations that were done because of drift. */
	readonly onMended: (ops: readonly KernelOp[]) => void;
	/** Told when the store was restored from a backup. */
	readonly onRestored: () => void;
	/** Told what goes wrong with the host's own copy of the cluster. */
	readonly onError: (error: unknown) => void;
	/** Told of records that cannot be read. */
	readonly onDamaged: (error: WeftError) => void;
}

/** The store's records on one side, the kernel on the other: this keeps the second equal to the first. */
export class Reconciler {
	readonly view: View;
	readonly loop: ReconcileLoop;
	/** What of the host's surroundings stands in the way. */
	readonly problems: () => readonly WeftError[];
	readonly own: OwnRecords;
	readonly #copy: LocalCopy;
	/** Until the first picture is there nothing is done: an agent that knows nothing yet must not tear down what it finds. */
	#started = false;

	constructor(options: ReconcilerOptions) {
		const { kernel } = options;
		this.#copy = new LocalCopy(options.local, localKeys.copy, options.onError);
		this.own = new OwnRecords(new LocalCopy(options.local, localKeys.own, options.onError), options.self.id);
		const { self, gatewayPool } = options;
		const desired = new Desired({
			self,
			gatewayPool,
			surroundings: () => surroundingsOf(kernel.facts(), self.vtep),
			isPresent: (sandbox) => isPresent(kernel, sandbox),
		});
		this.problems = () => desired.problems;
		this.loop = new ReconcileLoop({
			kernel,
			fragments: desired.fragments,
			refresh: () => desired.refresh(this.view),
			onRound: options.onRound,
			onStuck: options.onStuck,
			onMended: options.onMended,
			onSurroundings: () => desired.touchSurroundings(),
		});
		this.view = new View({
			store: options.store,
			local: options.local,
			copy: this.#copy,
			onDamaged: options.onDamaged,
			onChange: (change) => {
				desired.note(this.view, change);
				this.own.note(this.view, change);
				options.onChange(change, this.view);
			},
			onBatch: () => {
				options.onBatch();
				if (this.#started) this.loop.poke();
			},
			onRestored: options.onRestored,
		});
	}

	/** Resolves when the kernel was once brought to what is wanted, as far as it let itself be. */
	async start(): Promise<void> {
		await this.view.ready();
		await this.own.load(this.view);
		this.#started = true;
		this.loop.start();
		await this.loop.settled();
	}

	async close(): Promise<void> {
		this.view.close();
		this.loop.close();
		await Promise.all([this.#copy.close(), this.own.close()]);
	}
}

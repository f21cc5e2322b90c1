import type { KernelOp } from "../model/kernel-op.ts";
import { hostNetns, type KernelState, kernelState, type NetnsRef, type Resource } from "../model/kernel-state.ts";
import { plan } from "../plan/diff.ts";
import { formatOps } from "../plan/format.ts";
import { applyToFake } from "./fake/apply.ts";
import { eventsOf, openFakeEvents } from "./fake/events.ts";
import { addUnderlay, type ForeignChain, factsOf, type UnderlayLink } from "./fake/facts.ts";
import { addNetns, delNetns } from "./fake/link.ts";
import { chainKey } from "./fake/nft.ts";
import { isOwn, observeFake } from "./fake/observe.ts";
import { type FakeHost, makeNs, nsNamed } from "./fake/state.ts";
import type { Kernel, ObserveScope, OpResult } from "./kernel.ts";
import { refusedOp } from "./op-result.ts";

/** A kernel without a kernel: the semantics of `linux`, held to it by one contract suite, for tests without root. */
export interface FakeKernel extends Kernel {
	/** @returns All that weft holds, as the commands that would make it; the same text for the same state. */
	dump(): string;
	/** Does as another program would: the change is told to subscribers. */
	foreign(op: KernelOp): OpResult;
	/** Another program makes a namespace. @param path Absolute. */
	createForeignNetns(path: string): void;
	destroyForeignNetns(path: string): void;
	/** Another program makes, or changes, a chain of its own in the host's namespace. */
	addForeignChain(chain: ForeignChain): void;
	/** Gives the host an interface to the world, or changes it. */
	setUnderlay(link: UnderlayLink): void;
	/** Tells subscribers that messages were lost. */
	overrun(): void;
}

/** @returns A host with `lo` and nothing else. Several can stand beside each other: they share nothing. */
export function openFakeKernel(): FakeKernel {
	const host: FakeHost = { namespaces: new Map(), vnis: new Set(), nextCookie: 1 };
	const hostNs = makeNs(host, hostNetns);
	const events = openFakeEvents();

	const applyOne = (op: KernelOp): OpResult => {
		try {
			applyToFake(host, op);
			return { op };
		} catch (cause) {
			return refusedOp(op, cause);
		}
	};

	return {
		observe: (scopes) => observeAll(host, scopes),
		listNetns: () => [...host.namespaces.keys()].filter(isOwn),
		apply: (ops) => ops.map(applyOne),
		subscribe: events.subscribe,
		watchNetns: events.watch,
		facts: () => factsOf(hostNs),
		linkNames: (ns) => [...nsNamed(host, ns).devs.keys()],
		netnsCookie: (ns) => nsNamed(host, ns).cookie,
		ownNameOf(ns) {
			const { cookie } = nsNamed(host, ns);
			return [...host.namespaces.keys()].filter(isOwn).find((name) => nsNamed(host, name).cookie === cookie);
		},
		close: events.close,

		dump: () => dump(host),
		foreign(op) {
			const told = eventsOf(host, op);
			const result = applyOne(op);
			if (result.error === undefined) events.emit(told);
			return result;
		},
		createForeignNetns: (path) => addNetns(host, path),
		destroyForeignNetns(path) {
			const told = eventsOf(host, { verb: "del", resource: { kind: "netns", name: path } });
			delNetns(host, path);
			events.emit(told);
		},
		addForeignChain(chain) {
			const rules = hostNs.foreignChains.get(chainKey(chain))?.rules ?? new Map<never, never>();
			hostNs.foreignChains.set(chainKey(chain), { ...chain, rules });
			events.emit([{ kind: "nft", ns: hostNetns }]);
		},
		setUnderlay(link) {
			addUnderlay(hostNs, link);
			events.emit([{ kind: "link", ns: hostNetns }]);
		},
		overrun: () => events.emit([{ kind: "overrun" }]),
	};
}

function observeAll(host: FakeHost, scopes: readonly ObserveScope[]): KernelState {
	return kernelState(scopes.flatMap((scope) => [...observeFake(host, scope)]));
}

function dump(host: FakeHost): string {
	const scopes = [...host.namespaces.values()].map(({ ref: ns, sysctls }) => ({
		ns,
		role: roleOf(ns),
		sysctls: [...sysctls.keys()],
	}));
	const held = [...observeAll(host, scopes)].filter(([, resource]) => !isIdleLoopback(resource));
	return formatOps(plan(new Map(), new Map(held.sort(([a], [b]) => (a < b ? -1 : 1)))));
}

function roleOf(ns: NetnsRef): ObserveScope["role"] {
	if (ns === hostNetns) return "host";
	return ns.startsWith("1-") ? "overlay" : "sandbox";
}

function isIdleLoopback(resource: Resource): boolean {
	return resource.kind === "link" && resource.type === "loopback" && !resource.up;
}

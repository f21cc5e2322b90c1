import type { LoopDelay } from "./agent.ts";

export const sizes = { networks: 20, local: 1_000, remote: 10_000, rounds: 40, changes: 200, idleSeconds: 60 };

/** What was measured with so many endpoints on the host. */
export interface Step {
	readonly present: number;
	readonly attachMs: readonly number[];
	/** Of the agent's processor, for one change of another host. */
	readonly changeMs: number;
	readonly agentMegabytes: number;
	readonly namesMegabytes: number;
}

export interface Figures {
	/** How long the first, the second … attachment took. */
	readonly filling: number[];
	/** How long the first attachment in a network took that had its remote endpoints already. */
	readonly first: number[];
	readonly steps: Step[];
	/** From the start of the program until all is adopted. */
	readonly adoptMs: number[];
	/** The event loop of the agent, while it attached the last of them. */
	loop?: LoopDelay;
	/** Of the agent's processor for one change of another host, with nothing else in the network. */
	changeAloneMs?: number;
	/** Of one processor, with nothing to do but the audit. */
	idlePercent: number;
	restartedMegabytes: number;
}

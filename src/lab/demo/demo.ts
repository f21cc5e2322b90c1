import { setTimeout as sleep } from "node:timers/promises";
import { Lab } from "../lab.ts";
import { drawTopology } from "./drawing.ts";
import { runCommand, type Voice } from "./run-step.ts";
import { overlayNs, steps } from "./steps.ts";

export interface DemoOptions {
	/** Leave the hosts up. */
	readonly keep: boolean;
	/** Between steps, so that one can read along. */
	readonly pauseMs: number;
	readonly voice: Voice;
}

/** Runs the tutorial on two hosts of this machine. @throws {WeftError} LAB_FAILED at the first step that does not show what it must. */
export async function runDemo({ keep, pauseMs, voice }: DemoOptions): Promise<void> {
	const lab = new Lab("demo");
	await lab.down();
	voice.say(voice.strong("Two hosts, one overlay network\n"));
	try {
		await lab.up({
			hosts: 2,
			agents: true,
			onProgress: ({ host, address, tookMs }) =>
				voice.say(`  ${voice.good("✓")} ${host} ${address}, its agent up in ${Math.round(tookMs)} ms`),
		});
		voice.say("");
		const ns = (host: string) => overlayNs(lab, host);
		const count = steps(() => "").length;
		for (let n = 0; n < count; n++) {
			// The names of namespaces are known once the steps before have run.
			const step = steps(ns)[n];
			if (step === undefined) continue;
			voice.say(voice.strong(`${n + 1}. ${step.title}\n`));
			for (const command of step.commands) runCommand(lab, command, voice);
			await sleep(pauseMs);
		}
		voice.say(voice.strong("As it stands\n"));
		voice.say(`${drawTopology(lab)}\n`);
	} finally {
		if (!keep) await lab.down();
	}
	voice.say(
		keep
			? "The hosts are kept: weft lab exec --lab demo host1 -- weft ps; weft lab down --lab demo"
			: "All of it is gone again.",
	);
}

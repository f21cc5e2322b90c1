import { setTimeout as sleep } from "node:timers/promises";
import { goOn } from "../interrupted.ts";
import { Lab } from "../lab.ts";
import { drawTopology } from "./drawing.ts";
import { runCommand, type Voice } from "./run-step.ts";
import { overlayNs, steps } from "./steps.ts";

export interface DemoOptions {
	readonly labName: string;
	/** Leave the hosts up. */
	readonly keep: boolean;
	/** Between steps, so that one can read along. */
	readonly pauseMs: number;
	/** Ends it, and takes the hosts away unless they are to be kept. */
	readonly signal: AbortSignal;
	readonly voice: Voice;
}

/**
 * Runs the tutorial on two hosts of this machine.
 * @throws {WeftError} LAB_FAILED at the first step that does not show what it must; and the signal's reason.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
	const { labName, keep, signal, voice } = options;
	const lab = new Lab(labName);
	voice.say(voice.strong("Two hosts, one overlay network\n"));
	if (lab.hosts().length > 0) voice.say(voice.faint("  The hosts of an earlier demo go first."));
	await lab.down();
	await lab.up({
		hosts: 2,
		agents: true,
		signal,
		onProgress: ({ host, address, tookMs }) =>
			voice.say(`  ${voice.good("✓")} ${host} ${address}, its agent up in ${Math.round(tookMs)} ms`),
	});
	try {
		await show(lab, options);
	} finally {
		if (!keep) await lab.down();
		const flag = labName === "lab" ? "" : ` --lab ${labName}`;
		voice.say(
			keep
				? `The hosts are kept:\n  weft lab exec${flag} host1 -- weft ps\n  weft lab down${flag}`
				: "All of it is gone again.",
		);
	}
}

async function show(lab: Lab, { pauseMs, signal, voice }: DemoOptions): Promise<void> {
	const ns = (host: string) => overlayNs(lab, host);
	const count = steps(() => "").length;
	for (let n = 0; n < count; n++) {
		// The names of namespaces are known once the steps before have run.
		const step = steps(ns)[n];
		if (step === undefined) continue;
		voice.say(voice.strong(`\n${n + 1}. ${step.title}`));
		voice.say(`   ${voice.faint(step.about)}\n`);
		for (const command of step.commands) {
			await goOn(signal);
			await runCommand(lab, command, { voice, signal });
		}
		await sleep(pauseMs, undefined, { signal });
	}
	voice.say(voice.strong("\nAs it stands\n"));
	voice.say(`${drawTopology(lab)}\n`);
}

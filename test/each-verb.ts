import type { Command } from "../src/cli/command.ts";
import { type Entry, registry } from "../src/cli/registry.ts";

/** Loads one verb after the other. @yields It with what is typed for it: "network create". */
export async function* eachVerb(
	entries: readonly Entry[] = registry,
	before = "",
): AsyncIterable<{ readonly path: string; readonly entry: Entry; readonly command: Command }> {
	for (const entry of entries) {
		const path = `${before}${entry.name}`;
		if (entry.load === undefined) yield* eachVerb(entry.children ?? [], `${path} `);
		else yield { path, entry, command: (await entry.load()).default };
	}
}

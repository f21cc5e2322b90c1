import type { Service } from "../../model/service.ts";
import type { Command, Completes } from "../command.ts";
import { command } from "../command.ts";
import { print } from "../io.ts";
import { type Entry, registry } from "../registry.ts";

export default command({
	operands: [{ name: "WORD", optional: true, several: true, verbatim: true }],
	flags: {},
	details: "Prints what the last word may become, one a line. Called by the scripts of weft completion.",
	examples: [{ type: "weft complete -- network rm b", does: "Networks that begin with b" }],
	async run({ operands, io, agent }) {
		const words = operands[0] === "--" ? operands.slice(1) : operands;
		const last = words.at(-1) ?? "";
		for (const candidate of await candidates(words.slice(0, -1), last, agent))
			if (candidate.startsWith(last)) print(io, candidate);
	},
});

async function candidates(
	before: readonly string[],
	last: string,
	agent: () => Promise<Service>,
): Promise<readonly string[]> {
	let entries: readonly Entry[] = registry;
	for (const [i, word] of before.entries()) {
		const entry = entries.find(({ name, aliases }) => name === word || aliases?.includes(word));
		if (entry === undefined) return [];
		if (entry.load !== undefined) return ofVerb((await entry.load()).default, before.slice(i + 1), last, agent);
		entries = entry.children ?? [];
	}
	return entries.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
}

async function ofVerb(
	{ flags, operands }: Command,
	before: readonly string[],
	last: string,
	agent: () => Promise<Service>,
): Promise<readonly string[]> {
	const named = before.at(-1)?.replace(/^--/, "");
	const flag = named !== undefined && before.at(-1)?.startsWith("--") ? flags[named] : undefined;
	if (flag?.type === "string") return values(flag.completes, agent);
	if (last.startsWith("-"))
		return Object.entries(flags)
			.filter(([, { hidden }]) => hidden !== true)
			.map(([name]) => `--${name}`);
	const position = before.filter((word) => !word.startsWith("-")).length;
	return values((operands[position] ?? operands.at(-1))?.completes, agent);
}

async function values(completes: Completes | undefined, agent: () => Promise<Service>): Promise<readonly string[]> {
	if (completes === undefined || typeof completes === "object") return completes ?? [];
	try {
		const service = await agent();
		if (completes === "network") return (await service.networks.list({ filters: {} })).map(({ name }) => name);
		if (completes === "host") return (await service.hosts()).map(({ name }) => name);
		const containers = await service.containers.list({ all: true });
		return containers.filter(({ state }) => completes === "container" || state === "attached").map(({ name }) => name);
	} catch {
		// A shell that waits for a completion wants no error.
		return [];
	}
}

import type { Service } from "../model/service.ts";
import type { Command, Completes, Flags } from "./command.ts";
import { tokensOf } from "./parse.ts";
import { type Entry, registry } from "./registry.ts";

/**
 * @param words What was typed behind `weft`; the last one is the one to complete, and may be empty.
 * @param agent Asked only where a name of its things may stand.
 * @returns What the last word may become, unsorted; more than fits what was typed of it.
 */
export async function candidates(words: readonly string[], agent: () => Promise<Service>): Promise<readonly string[]> {
	const last = words.at(-1) ?? "";
	let before = words.slice(0, -1);
	if (before[0] === "help") before = before.slice(1);
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
	const tokens = tokensOf(flags, before);
	const named = tokens.filter((token) => token.kind === "positional").map(({ value }) => value);
	const verbatimAt = operands.findIndex(({ verbatim }) => verbatim);
	// Behind "--", and where the command of `exec` has begun, the words are another program's.
	if (tokens.some(({ kind }) => kind === "option-terminator") || (verbatimAt >= 0 && named.length > verbatimAt))
		return [];
	const token = tokens.at(-1);
	const open = token?.kind === "option" && token.value === undefined ? flags[token.name] : undefined;
	if (open?.type === "string") return values(open.completes, agent);
	if (last.startsWith("-")) return ofFlags(flags, last, agent);
	const operand = operands[named.length] ?? (operands.at(-1)?.several ? operands.at(-1) : undefined);
	const offered = await values(operand?.completes, agent);
	return offered.filter((word) => !named.includes(word));
}

/** @param last "--net", or "--network=bl". */
async function ofFlags(flags: Flags, last: string, agent: () => Promise<Service>): Promise<readonly string[]> {
	const [, name = ""] = /^--([^=]+)=/.exec(last) ?? [];
	const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
	if (flag !== undefined) return (await values(flag.completes, agent)).map((value) => `--${name}=${value}`);
	const shown = Object.entries(flags).filter(([, { hidden }]) => hidden !== true);
	return [...shown.map(([flagName]) => `--${flagName}`), "--help"];
}

async function values(completes: Completes | undefined, agent: () => Promise<Service>): Promise<readonly string[]> {
	if (completes === undefined || typeof completes === "object") return completes ?? [];
	try {
		return await namesOf(completes, await agent());
	} catch {
		// A shell that waits for a completion wants no error.
		return [];
	}
}

async function namesOf(
	kind: Extract<Completes, string>,
	{ containers, networks, hosts }: Service,
): Promise<readonly string[]> {
	const list = () => containers.list({ all: true });
	switch (kind) {
		case "network":
			return (await networks.list({ filters: {} })).map(({ name }) => name);
		case "container":
			return (await list()).map(({ name }) => name);
		case "host":
			return (await hosts()).map(({ name }) => name);
		case "attached":
			return (await list()).filter(({ state }) => state === "attached").map(({ name }) => name);
		case "container or network":
			return [...(await list()), ...(await networks.list({ filters: {} }))].map(({ name }) => name);
	}
}

import { closest } from "../model/closest.ts";
import { isWeftError, WeftError } from "../model/error.ts";
import type { Service } from "../model/service.ts";
import type { Command } from "./command.ts";
import { type Io, print, socketPathOf } from "./io.ts";
import { type Entry, registry, summary } from "./registry.ts";
import { UsageError } from "./usage-error.ts";

const usageFailure = 2;
const failure = 1;
/** POSIX, Shell Command Language, 2.8.2. */
const [commandNotExecutable, commandNotFound] = [126, 127];

/**
 * Runs one command line, and prints its errors.
 * @param args Without the names of the interpreter and the script.
 * @returns How the process ends.
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
	let failureCode: number | undefined;
	let typed = "weft";
	try {
		const words = spelled(args);
		const { path, entry, rest } = find(words);
		typed = path;
		if (entry?.load === undefined) {
			const { groupHelp } = await import("./help.ts");
			print(io, groupHelp(path, entry?.summary ?? summary, entry?.children ?? registry));
			return 0;
		}
		const command = (await entry.load()).default;
		failureCode = command.failureCode;
		return await runCommand({ path, entry, command }, rest, io);
	} catch (thrown) {
		const error = toUsageError(typed, thrown);
		const { printError } = await import("./print-error.ts");
		printError(io.stderr, error);
		return exitCodeOf(error, failureCode);
	}
}

/** @param failureCode Of a verb that ends as its command does: then a shell's own codes say that there was none. */
function exitCodeOf(error: unknown, failureCode: number | undefined): number {
	if (failureCode === undefined) return error instanceof UsageError ? usageFailure : failure;
	if (isWeftError(error, "COMMAND_NOT_FOUND")) return commandNotFound;
	return isWeftError(error, "COMMAND_NOT_EXECUTABLE") ? commandNotExecutable : failureCode;
}

async function runCommand(
	{ path, entry, command }: { path: string; entry: Entry; command: Command },
	args: readonly string[],
	io: Io,
): Promise<number> {
	const { parse } = await import("./parse.ts");
	const { flags, operands, help } = parse(path, command, args);
	if (help) {
		const { commandHelp } = await import("./help.ts");
		print(io, commandHelp(path, entry.summary, command));
		return 0;
	}
	if (command.root !== undefined && !io.isRoot) throw forRoot(path, command.root);
	return (await command.run({ flags, operands, io, agent: () => agentAt(socketPathOf(io)) })) ?? 0;
}

function forRoot(path: string, reason: string): WeftError {
	return new WeftError("NOT_PERMITTED", `Cannot run ${path}: ${reason}, and you are not root`, { fix: `sudo ${path}` });
}

/** What the agent says of a field of the request was a word of this command line. */
function toUsageError(path: string, error: unknown): unknown {
	const misspelled = isWeftError(error, "ARGUMENT_INVALID") && error.field !== undefined;
	return misspelled ? new UsageError(error.message, `${path} --help`) : error;
}

async function agentAt(socketPath: string): Promise<Service> {
	const { connectAgent } = await import("../client/client.ts");
	return connectAgent({ socketPath });
}

/** `weft help network ls` is `weft network ls --help`; `weft --version` is `weft version`. */
function spelled(args: readonly string[]): readonly string[] {
	const [first, ...rest] = args;
	if (first === "help") return [...rest, "--help"];
	if (first === "--version" || first === "-v") return ["version", ...rest];
	return args;
}

interface Found {
	readonly path: string;
	/** Absent for `weft` itself. */
	readonly entry?: Entry;
	readonly rest: readonly string[];
}

function find(words: readonly string[]): Found {
	let entries: readonly Entry[] | undefined = registry;
	let path = "weft";
	let entry: Entry | undefined;
	let at = 0;
	while (entries !== undefined) {
		const word = words[at];
		if (word === undefined || word === "--help" || word === "-h") break;
		entry = entries.find(({ name, aliases }) => name === word || aliases?.includes(word));
		if (entry === undefined) throw unknownCommand(path, word, entries);
		path = `${path} ${entry.name}`;
		entries = entry.children;
		at++;
	}
	return { path, ...(entry === undefined ? {} : { entry }), rest: words.slice(at) };
}

function unknownCommand(path: string, word: string, entries: readonly Entry[]): UsageError {
	const near = closest(
		word,
		entries.filter(({ hidden }) => hidden !== true).map(({ name }) => name),
	);
	const kind = word.startsWith("-") ? "flag" : "command";
	return new UsageError(
		`Cannot run ${path} ${word}: there is no such ${kind}${near === undefined ? "" : `, did you mean "${path} ${near}"?`}`,
		`${path} --help`,
	);
}

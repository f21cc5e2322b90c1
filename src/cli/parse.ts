import { parseArgs } from "node:util";
import { closest } from "../model/closest.ts";
import type { Command, Flag, Flags, Values } from "./command.ts";
import { usageOf } from "./usage.ts";
import { UsageError } from "./usage-error.ts";

export interface Parsed<F extends Flags> {
	readonly flags: Values<F>;
	readonly operands: readonly string[];
	/** `--help` was among the flags: nothing else was checked. */
	readonly help: boolean;
}

type Token = NonNullable<ReturnType<typeof tokensOf>>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

/**
 * Reads a verb's command line.
 * @param path The verb, as typed: "weft network create".
 * @throws {UsageError} saying which word is wrong, and what may be meant.
 */
export function parse<F extends Flags>(path: string, command: Command<F>, args: readonly string[]): Parsed<F> {
	const { before, rest } = split(command, args);
	const tokens = tokensOf(command.flags, before);
	const options = tokens.filter((token) => token.kind === "option");
	const operands = [...tokens.filter((token) => token.kind === "positional").map(({ value }) => value), ...rest];
	// `weft run -h NAME` is Docker's: a verb with an own -h has help by its long name only.
	const helps = Object.values(command.flags).some(({ short }) => short === "h") ? ["--help"] : ["--help", "-h"];
	const help = options.some(({ rawName }) => helps.includes(rawName));
	if (help) return { flags: {} as Values<F>, operands, help };
	const flags = valuesOf(path, command.flags, options);
	checkOperands(path, command, operands);
	return { flags, operands, help };
}

/** @returns What each word is, unchecked. */
export function tokensOf(flags: Flags, args: readonly string[]) {
	const options = Object.fromEntries(
		Object.entries(flags).map(([name, { type, short }]) => [name, { type, ...(short === undefined ? {} : { short }) }]),
	);
	return parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true }).tokens;
}

/** Flags end at "--", and where the command of a verb like `exec` begins. */
function split({ flags, operands }: Command, args: readonly string[]): { before: string[]; rest: string[] } {
	const verbatimAt = operands.findIndex(({ verbatim }) => verbatim);
	let seen = 0;
	for (const token of tokensOf(flags, args)) {
		if (token.kind === "option-terminator") {
			return { before: args.slice(0, token.index), rest: args.slice(token.index + 1) };
		}
		if (token.kind === "positional" && seen++ === verbatimAt) {
			return { before: args.slice(0, token.index), rest: args.slice(token.index) };
		}
	}
	return { before: [...args], rest: [] };
}

function valuesOf<F extends Flags>(path: string, flags: F, options: readonly OptionToken[]): Values<F> {
	const values: Record<string, string | boolean | string[] | undefined> = {};
	for (const [name, flag] of Object.entries(flags)) {
		values[name] = flag.type === "boolean" ? false : flag.multiple ? [] : flag.default;
	}
	for (const token of options) {
		const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
		if (flag === undefined) throw unknownFlag(path, flags, token.rawName);
		const value = valueOf(path, flag, token);
		const list = values[token.name];
		if (Array.isArray(list)) list.push(String(value));
		else values[token.name] = value;
	}
	return values as Values<F>;
}

function valueOf(path: string, flag: Flag, { rawName, value, inlineValue }: OptionToken): string | boolean {
	if (flag.type === "boolean") {
		if (inlineValue !== true || value === "true") return true;
		if (value === "false") return false;
		throw new UsageError(`Cannot take ${rawName}=${value}: it is on or off`, `${path} ${rawName}`);
	}
	const example = `${rawName}=${flag.value ?? "VALUE"}`;
	if (value === undefined) throw new UsageError(`Cannot take ${rawName} alone: it needs a value`, `${path} ${example}`);
	if (inlineValue !== true && /^-./.test(value)) {
		throw new UsageError(
			`Cannot tell whether "${value}" is the value of ${rawName} or a flag`,
			`write ${rawName}=${value} for the value`,
		);
	}
	return value;
}

function unknownFlag(path: string, flags: Flags, typed: string): UsageError {
	const known = Object.entries(flags).filter(([, { hidden }]) => !hidden);
	const near = typed.startsWith("--")
		? closest(
				typed.slice(2),
				known.map(([name]) => name),
			)
		: undefined;
	const meant = near === undefined ? "" : `, did you mean --${near}?`;
	return new UsageError(`Cannot read flag ${typed}: ${path} has no such flag${meant}`, `${path} --help`);
}

function checkOperands(path: string, command: Command, operands: readonly string[]): void {
	const missing = command.operands.find(({ optional }, i) => optional !== true && operands[i] === undefined);
	if (missing !== undefined)
		throw new UsageError(`Cannot run ${path}: ${missing.name} is missing`, usageOf(path, command));
	const last = command.operands.at(-1);
	if (last?.several || last?.verbatim || operands.length <= command.operands.length) return;
	const excess = operands[command.operands.length];
	throw new UsageError(`Cannot run ${path}: "${excess}" is one word too many`, usageOf(path, command));
}

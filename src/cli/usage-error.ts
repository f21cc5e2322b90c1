import { WeftError } from "../model/error.ts";

/** The command line itself is wrong: the process ends with 2 (or the verb's own code), and the help is pointed at. */
export class UsageError extends WeftError {
	constructor(message: string, fix: string) {
		super("ARGUMENT_INVALID", message, { fix });
	}
}

/** @returns A whole number that a person typed. @throws {UsageError} */
export function readInteger(flag: string, text: string, least: number, most: number): number {
	const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
	if (value >= least && value <= most) return value;
	throw new UsageError(
		`Cannot take ${flag} ${JSON.stringify(text)}: wanted a whole number from ${least} to ${most}`,
		`${flag}=${least}`,
	);
}

/** @returns Pairs that a person typed as KEY=VALUE; a later one of the same key wins. @throws {UsageError} */
export function readPairs(flag: string, texts: readonly string[], example: string): Record<string, string> {
	return Object.fromEntries(
		texts.map((text) => {
			const equals = text.indexOf("=");
			if (equals < 1)
				throw new UsageError(`Cannot take ${flag} ${JSON.stringify(text)}: wanted KEY=VALUE`, `${flag} ${example}`);
			return [text.slice(0, equals), text.slice(equals + 1)];
		}),
	);
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** @returns Seconds, of "90", "90s", "30m", "12h" or "7d". @throws {UsageError} */
export function readSpan(flag: string, text: string): number {
	const [, digits, unit = "s"] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
	if (digits !== undefined) return Number(digits) * (unitSeconds[unit] ?? 1);
	throw new UsageError(
		`Cannot take ${flag} ${JSON.stringify(text)}: wanted a time span`,
		`${flag} 90s, 30m, 12h or 7d`,
	);
}

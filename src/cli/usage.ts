import type { Command } from "./command.ts";

/** @returns "weft network connect [OPTIONS] NETWORK CONTAINER" */
export function usageOf(path: string, { flags, operands }: Command): string {
	const words = operands.map(({ name, optional, several, verbatim }) => {
		const word = verbatim ? `${name} [ARG...]` : several ? `${name} [${name}...]` : name;
		return optional ? `[${word}]` : word;
	});
	const options = Object.values(flags).some(({ hidden }) => !hidden) ? ["[OPTIONS]"] : [];
	return [path, ...options, ...words].join(" ");
}

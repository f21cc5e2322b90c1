import type { Command, Flag } from "./command.ts";
import type { Entry } from "./registry.ts";
import { usageOf } from "./usage.ts";

/** @param path "weft network". */
export function groupHelp(path: string, summary: string, entries: readonly Entry[]): string {
	const shown = entries.filter(({ hidden }) => hidden !== true);
	const width = Math.max(...shown.map(({ name }) => name.length));
	const sections = Map.groupBy(shown, ({ section }) => section ?? "Commands");
	const blocks = [...sections].map(
		([title, members]) =>
			`${title}:\n${members.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`).join("\n")}`,
	);
	return [`Usage:  ${path} COMMAND`, summary, ...blocks, `${path} COMMAND --help tells more about one of them.`].join(
		"\n\n",
	);
}

/** @param path "weft network create". */
export function commandHelp(path: string, summary: string, command: Command): string {
	const blocks = [`Usage:  ${usageOf(path, command)}`, summary];
	if (command.details !== undefined) blocks.push(command.details);
	const flags = Object.entries(command.flags).filter(([, { hidden }]) => hidden !== true);
	if (flags.length > 0) blocks.push(`Options:\n${flagLines(flags)}`);
	if (command.examples.length > 0) blocks.push(`Examples:\n${exampleLines(command)}`);
	return blocks.join("\n\n");
}

function flagLines(flags: readonly (readonly [string, Flag])[]): string {
	const heads = flags.map(([name, { short, type, value }]) => {
		const dash = short === undefined ? "    " : `-${short}, `;
		return `  ${dash}--${name}${type === "string" ? ` ${value ?? "VALUE"}` : ""}`;
	});
	const width = Math.max(...heads.map(({ length }) => length));
	return flags.map(([, flag], i) => `${(heads[i] ?? "").padEnd(width)}   ${flag.help}${notes(flag)}`).join("\n");
}

function notes({ multiple, default: value }: Flag): string {
	const parts = [
		...(multiple ? ["may be given several times"] : []),
		...(value === undefined ? [] : [`default ${value}`]),
	];
	return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function exampleLines({ examples }: Command): string {
	return examples.map(({ type, does }) => `  # ${does}\n  ${type}`).join("\n\n");
}

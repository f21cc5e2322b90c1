/** The flag of `run` and `exec`: each with what {@link readEnv} makes of it. */
export const envFlag = {
	type: "string",
	short: "e",
	multiple: true,
	value: "NAME=VALUE",
	help: "Set a variable; NAME alone takes this shell's",
} as const;

/** @returns "NAME=value" for each; a bare NAME takes its value from `own`, and falls away when it has none, as Docker does it. */
export function readEnv(texts: readonly string[], own: Readonly<Record<string, string | undefined>>): string[] {
	return texts.flatMap((text) => {
		if (text.includes("=")) return [text];
		const value = own[text];
		return value === undefined ? [] : [`${text}=${value}`];
	});
}

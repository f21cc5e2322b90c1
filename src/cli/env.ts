/** @returns "NAME=value" for each; a bare NAME takes its value from `own`, and falls away when it has none, as Docker does it. */
export function readEnv(texts: readonly string[], own: Readonly<Record<string, string | undefined>>): string[] {
	return texts.flatMap((text) => {
		if (text.includes("=")) return [text];
		const value = own[text];
		return value === undefined ? [] : [`${text}=${value}`];
	});
}

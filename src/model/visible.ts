/**
 * @returns `text` with what would move the cursor, end the line or turn the direction of writing escaped, as JavaScript writes it:
 * control characters, U+2028 and U+2029, and those that Unicode's bidirectional algorithm obeys.
 */
export function visible(text: string): string {
	return text.replace(
		/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
		(character) => short[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
	);
}

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

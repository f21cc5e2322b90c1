import { WeftError } from "./error.ts";

/** What a person may name. All follow one rule, because each name becomes a label of DNS, a key of the store, or both. */
export type NameKind = "network" | "container" | "host" | "alias" | "hostname";

/** A label of DNS has no more (RFC 1035, section 2.3.4). */
export const longestName = 63;
/** An id of 64 digits is the longest thing that a network or container is called by. */
export const longestRef = 64;
/** What {@link checkName} allows, as a regular expression: for the API's document. It can't say what is wrong. */
export const nameForm = "^[a-zA-Z0-9][a-zA-Z0-9_-]*(\\.[a-zA-Z0-9_-]+)*$";

const wanted = 'wanted letters, digits, "_", "." and "-"';

/**
 * @returns `text`.
 * @throws {WeftError} NAME_INVALID, saying which character is wrong.
 */
export function checkName(kind: NameKind, text: string): string {
	const fault = faultOf(text, longestName);
	if (fault !== undefined) throw invalid(kind === "alias" ? "an alias" : nameOf(kind), text, fault);
	return text;
}

/**
 * Checks what a person typed to mean a network, a container or a host: a name, an id, or the head of an id.
 * @returns `text`.
 * @throws {WeftError} NAME_INVALID
 */
export function checkRef(kind: "network" | "container" | "host", text: string): string {
	const fault = faultOf(text, longestRef);
	if (fault !== undefined) throw invalid(`the name or id of a ${kind}`, text, fault);
	return text;
}

function nameOf(kind: NameKind): string {
	return kind === "hostname" ? "a hostname" : `the name of a ${kind}`;
}

function invalid(role: string, text: string, fault: string): WeftError {
	const shown = text.length > longestRef ? `${text.slice(0, longestRef)}…` : text;
	return new WeftError("NAME_INVALID", `Cannot use ${JSON.stringify(shown)} as ${role}: ${fault}`, {
		fix: "names look like web-1, db.blue or ov_net1",
	});
}

function faultOf(text: string, longest: number): string | undefined {
	if (text === "") return "it is empty";
	if (text.length > longest) return `it has ${text.length} characters, wanted at most ${longest}`;
	const at = text.search(/[^a-zA-Z0-9_.-]/);
	if (at >= 0) {
		const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
		return `${JSON.stringify(character)} at position ${at + 1}, ${wanted}`;
	}
	if (!/^[a-zA-Z0-9]/.test(text)) return `it begins with "${text[0]}", wanted a letter or a digit there`;
	if (text.includes("..")) return 'it has ".." in it, wanted no more than one dot in a row';
	if (text.endsWith(".")) return "it ends with a dot";
	return undefined;
}

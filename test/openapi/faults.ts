import { type Document, resolved, type Schema } from "./document.ts";

/** A value that the document does not allow, and the field that is wrong in it, as weft's errors call it: "networks[0].ip". */
export interface Fault {
	readonly value: unknown;
	readonly field: string;
	readonly what: string;
}

const samples: Readonly<Record<string, unknown>> = {
	null: null,
	boolean: true,
	integer: 7,
	number: 7.5,
	string: "text",
	array: ["text"],
	object: { text: "text" },
};
const control = ["\0", "a\0b", "a\nb", "a\u001b[2Jb", "\u007f", "a\u2028b", "a\u202eb"];

/**
 * @param good A value that the document allows: the fault is the one thing that is wrong in the answer.
 * @returns Every way in which one field of it can be wrong.
 */
export function faultsOf(document: Document, schema: Schema, good: unknown): Fault[] {
	const found = resolved(document, schema);
	const own = [...wrongTypes(found), ...wrongTexts(found), ...wrongNumbers(found)].map(([what, value]) => ({
		what,
		value,
		field: "",
	}));
	if (found.type === "array") return [...own, ...wrongItems(document, found, good as unknown[])];
	if (found.type !== "object") return own;
	return typeof found.additionalProperties === "object"
		? [...own, ...wrongEntries(document, found, found.additionalProperties)]
		: [...own, ...wrongFields(document, found, good as Record<string, unknown>)];
}

type Wrong = readonly [what: string, value: unknown];

function wrongTypes({ type }: Schema): Wrong[] {
	return Object.entries(samples)
		.filter(([name]) => name !== type && !(name === "integer" && type === "number"))
		.map(([name, value]) => [`${name} for ${type}`, value]);
}

function wrongTexts({ type, pattern, minLength, maxLength, enum: words }: Schema): Wrong[] {
	if (type !== "string") return [];
	const wrong: Wrong[] = [];
	if (minLength !== undefined && minLength > 0) wrong.push(["an empty text", ""]);
	if (maxLength !== undefined) wrong.push(["a text that is too long", `/${"a".repeat(maxLength)}`]);
	if (words !== undefined) wrong.push(["another word", "another"]);
	if (pattern === undefined) return wrong;
	const form = new RegExp(pattern);
	const texts = [...control, "", "..", "../etc", "a b", "ünic", "😀", "%2e%2e", "-x"];
	return [...wrong, ...texts.filter((text) => !form.test(text)).map((text): Wrong => [JSON.stringify(text), text])];
}

function wrongNumbers({ type, minimum, maximum }: Schema): Wrong[] {
	if (type !== "integer") return [];
	return [
		...(minimum === undefined ? [] : [["too small a number", minimum - 1] as const]),
		...(maximum === undefined ? [] : [["too great a number", maximum + 1] as const, ["1e300", 1e300] as const]),
	];
}

function wrongItems(document: Document, { items = {}, minItems }: Schema, good: readonly unknown[]): Fault[] {
	const few: Fault[] = minItems === undefined ? [] : [{ what: "too few items", value: [], field: "" }];
	const [first] = good;
	const inside = faultsOf(document, items, first);
	return [...few, ...inside.map(({ what, value, field }) => ({ what, value: [value], field: `[0]${field}` }))];
}

function wrongEntries(document: Document, { propertyNames = {} }: Schema, values: Schema): Fault[] {
	const names = wrongTexts({ ...propertyNames, type: "string" });
	return [
		...names.map(([what, name]) => ({
			what: `${what} for a name`,
			value: { [name as string]: "10.0.0.9" },
			field: `.${String(name)}`,
		})),
		...faultsOf(document, values, undefined).map(({ what, value, field }) => ({
			what,
			value: { name: value },
			field: `.name${field}`,
		})),
	];
}

function wrongFields(document: Document, schema: Schema, good: Record<string, unknown>): Fault[] {
	const { properties = {}, required = [] } = schema;
	const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
	const inside = Object.entries(properties).flatMap(([name, property]) =>
		faultsOf(document, property, good[name]).map(({ what, value, field }) => ({
			what,
			value: { ...good, [name]: value },
			field: `.${name}${field}`,
		})),
	);
	return [
		...inside,
		...required.map((name) => ({ what: "it is missing", value: without(name), field: `.${name}` })),
		{ what: "an unknown field", value: { ...good, unheardOf: 1 }, field: ".unheardOf" },
		{ what: "a field named __proto__", value: withProto(good), field: ".__proto__" },
	];
}

/** As JSON brings it: a field of its own. */
function withProto(good: object): unknown {
	return JSON.parse(
		JSON.stringify(good).replace(/}$/, Object.keys(good).length === 0 ? '"__proto__":1}' : ',"__proto__":1}'),
	);
}

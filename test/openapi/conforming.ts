import fc from "fast-check";
import { type Document, resolved, type Schema } from "./document.ts";

/** @returns Values that the document allows: its own examples, where it has some. */
export function conforming(document: Document, schema: Schema): fc.Arbitrary<unknown> {
	const found = resolved(document, schema);
	if (found.examples !== undefined) return fc.constantFrom(...found.examples);
	switch (found.type) {
		case "string":
			return found.enum === undefined ? textOf(found) : fc.constantFrom(...found.enum);
		case "integer":
			return fc.integer({ min: found.minimum ?? -(2 ** 31), max: found.maximum ?? 2 ** 31 });
		case "boolean":
			return fc.boolean();
		case "array":
			return fc.array(conforming(document, found.items ?? {}), { minLength: found.minItems ?? 0, maxLength: 3 });
		case "object":
			return objectOf(document, found);
		default:
			throw new TypeError(`no values are known for ${JSON.stringify(found)}`);
	}
}

function textOf({ pattern, minLength = 0, maxLength = 200 }: Schema): fc.Arbitrary<string> {
	const text = pattern === undefined ? fc.string({ unit: "grapheme" }) : fc.stringMatching(new RegExp(pattern));
	return text.filter(({ length }) => length >= minLength && length <= maxLength);
}

function objectOf(document: Document, schema: Schema): fc.Arbitrary<unknown> {
	const { properties = {}, required = [], additionalProperties, propertyNames = {} } = schema;
	if (typeof additionalProperties === "object")
		return fc.dictionary(textOf(propertyNames), conforming(document, additionalProperties), {
			maxKeys: 3,
			noNullPrototype: true,
		});
	const fields = Object.entries(properties).map(([name, property]) => [name, conforming(document, property)] as const);
	return fc.record(Object.fromEntries(fields), { requiredKeys: [...required], noNullPrototype: true });
}

/** @returns One such value, with every field: the same each time. */
export function whole(document: Document, schema: Schema): unknown {
	const found = resolved(document, schema);
	if (found.type === "array") return [whole(document, found.items ?? {})];
	const { properties } = found;
	if (properties === undefined || found.examples !== undefined)
		return fc.sample(conforming(document, found), { numRuns: 1, seed: 1 })[0];
	return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, whole(document, property)]));
}

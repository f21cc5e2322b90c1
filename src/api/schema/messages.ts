import { z } from "zod";

const forms: Readonly<Record<string, string>> = {
	string: "a text",
	int: "a whole number",
	number: "a number",
	boolean: "true or false",
	array: "a list",
	object: "an object",
	record: "an object",
};

/** Makes zod's own messages complete the sentence `Cannot take "<field>": …`. For the whole process. */
export function useWeftMessages(): void {
	z.config({
		customError: (issue) => {
			if (issue.code === "invalid_type") {
				const form = `wanted ${forms[issue.expected] ?? issue.expected}`;
				return issue.input === undefined ? `it is missing, ${form}` : `${kindOf(issue.input)} given, ${form}`;
			}
			if (issue.code === "invalid_value") return `wanted ${issue.values.map(String).join(" or ")}`;
			if (issue.code === "invalid_key") return "one of its names cannot be used";
			return undefined;
		},
	});
}

function kindOf(input: unknown): string {
	if (input === null) return "null";
	if (Array.isArray(input)) return "a list";
	if (typeof input === "object") return "an object";
	return forms[typeof input] ?? "another value";
}

import { closest } from "../model/closest.ts";
import { UsageError } from "./usage-error.ts";

/** A part of Go's templates, as Docker's `--format` takes them: fields and `json`. */
export interface Template {
	/** @param cells Come before the fields of `item`; names in any case. */
	line(item: object, cells: Readonly<Record<string, string>>): string;
}

/**
 * @example templateOf("{{.ID}}\\t{{json .labels}}")
 * @throws {UsageError} for what this part of the language does not have.
 */
export function templateOf(text: string): Template {
	const unescaped = text.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
	if (!unescaped.includes("{{")) {
		throw new UsageError(
			`Cannot print in the format ${JSON.stringify(text)}: wanted json, or a template`,
			'--format json, or --format "{{.Name}}"',
		);
	}
	const form = /\{\{-?\s*(json\s+)?\.([\w./-]*)\s*-?\}\}/g;
	const unknown = /\{\{.*?\}\}|\{\{/.exec(unescaped.replace(form, ""));
	if (unknown !== null) {
		throw new UsageError(
			`Cannot read the template: ${unknown[0]}, wanted {{.Field}} or {{json .Field}}`,
			"--format json, and jq for more",
		);
	}
	return {
		line: (item, cells) =>
			unescaped.replace(form, (_, json: string | undefined, path: string) => {
				const value =
					json === undefined && Object.keys(item).length === 0 ? cellOf(path, cells) : valueOf(path, item, cells);
				return json === undefined ? textOf(value) : JSON.stringify(value);
			}),
	};
}

/** Headers stand for fields that are no column by their own name. */
function cellOf(path: string, cells: Readonly<Record<string, string>>): unknown {
	const name = Object.keys(cells).find((key) => key.toLowerCase() === path.toLowerCase());
	return name === undefined ? path.toUpperCase() : cells[name];
}

function valueOf(path: string, item: object, cells: Readonly<Record<string, string>>): unknown {
	if (path === "") return item;
	const cell = Object.keys(cells).find((key) => key.toLowerCase() === path.toLowerCase());
	if (cell !== undefined) return cells[cell];
	let value: unknown = item;
	for (const part of path.split(".")) {
		const known: string[] = typeof value === "object" && value !== null ? Object.keys(value) : [];
		const key = known.find((name) => name === part) ?? known.find((name) => name.toLowerCase() === part.toLowerCase());
		if (key === undefined) throw unknownField(path, part, [...Object.keys(cells), ...known]);
		value = (value as Record<string, unknown>)[key];
	}
	return value;
}

function unknownField(path: string, part: string, known: readonly string[]): UsageError {
	const near = closest(part, known);
	return new UsageError(
		`Cannot print {{.${path}}}: there is no field "${part}"${near === undefined ? "" : `, did you mean "${near}"?`}`,
		"--format json shows all fields",
	);
}

function textOf(value: unknown): string {
	if (typeof value === "string") return value;
	return value === undefined ? "" : JSON.stringify(value);
}

import type { Io } from "./io.ts";
import { print } from "./io.ts";
import { table } from "./table.ts";
import { templateOf } from "./template.ts";

/** A column of a list. `name` is what a template calls it: "ID". */
export interface Column<Row> {
	readonly header: string;
	readonly name: string;
	of(row: Row): string;
}

/** The flag of every verb that prints a list. */
export const listFormat = {
	format: {
		type: "string",
		value: "FORMAT",
		help: 'table, json (a line for each), or a template like "{{.ID}} {{.Name}}"',
		completes: ["table", "json"],
	},
} as const;

/** The flag of every verb that prints one thing. */
export const itemFormat = {
	format: {
		type: "string",
		short: "f",
		value: "FORMAT",
		help: 'json, or a template like "{{.name}}"',
		completes: ["json"],
	},
} as const;

/** Prints a list as `format` says; as a table when it says nothing. */
export function printList<Row extends object>(
	io: Io,
	format: string | undefined,
	rows: readonly Row[],
	columns: readonly Column<Row>[],
): void {
	if (format === undefined || format === "table") {
		print(io, tableOf(rows, columns));
	} else if (format === "json") {
		for (const row of rows) print(io, JSON.stringify(row));
	} else if (format.startsWith("table ")) {
		const template = templateOf(format.slice("table ".length));
		const headers = template.line({}, Object.fromEntries(columns.map(({ name, header }) => [name, header])));
		const lines = rows.map((row) => template.line(row, cellsOf(row, columns)).split("\t"));
		print(io, table(headers.split("\t"), lines));
	} else {
		const template = templateOf(format);
		for (const row of rows) print(io, template.line(row, cellsOf(row, columns)));
	}
}

/**
 * @param toText For a person, when `format` says nothing.
 * @returns Prints one thing as `format` says.
 * @throws {UsageError} for a format that cannot be read: asked for before something is done that would be for nothing then.
 */
export function itemPrinter<Item extends object>(
	io: Io,
	format: string | undefined,
	toText: (item: Item) => string,
): (item: Item) => void {
	if (format === undefined) return (item) => print(io, toText(item));
	if (format === "json") return (item) => print(io, JSON.stringify(item));
	const template = templateOf(format);
	return (item) => print(io, template.line(item, {}));
}

/** Prints things in full: a JSON list as `docker inspect` does, each on a line of its own as `format` says. */
export function printItems(io: Io, format: string | undefined, items: readonly object[]): void {
	if (format === undefined) return print(io, JSON.stringify(items, undefined, 4));
	if (format === "json") return print(io, JSON.stringify(items));
	const template = templateOf(format);
	for (const item of items) print(io, template.line(item, {}));
}

function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
	return table(
		columns.map(({ header }) => header),
		rows.map((row) => columns.map((column) => column.of(row))),
	);
}

function cellsOf<Row>(row: Row, columns: readonly Column<Row>[]): Record<string, string> {
	return Object.fromEntries(columns.map((column) => [column.name, column.of(row)]));
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryIo } from "../../test/memory-io.ts";
import { type Column, itemPrinter, printItems, printList } from "./output.ts";

interface Row {
	readonly id: string;
	readonly name: string;
}
const rows: Row[] = [
	{ id: "abcdef", name: "blue" },
	{ id: "123456", name: "r" },
];
const columns: Column<Row>[] = [
	{ header: "ROW ID", name: "ID", of: ({ id }) => id.slice(0, 3) },
	{ header: "NAME", name: "Name", of: ({ name }) => name },
];

const lists: readonly (readonly [format: string | undefined, text: string])[] = [
	[undefined, "ROW ID   NAME\nabc      blue\n123      r\n"],
	["table", "ROW ID   NAME\nabc      blue\n123      r\n"],
	["json", '{"id":"abcdef","name":"blue"}\n{"id":"123456","name":"r"}\n'],
	["{{.ID}} {{.name}}", "abc blue\n123 r\n"],
	["table {{.Name}}\\t{{.ID}}", "NAME   ROW ID\nblue   abc\nr      123\n"],
];

for (const [format, text] of lists)
	test(`printList() with the format ${format}`, () => {
		const io = memoryIo();
		printList(io, format, rows, columns);
		assert.equal(io.stdout.text, text);
	});

test("printList() of nothing is the headers, or nothing", () => {
	const io = memoryIo();
	printList(io, undefined, [], columns);
	assert.equal(io.stdout.text, "ROW ID   NAME\n");
	for (const format of ["json", "{{.ID}}"]) printList(io, format, [], columns);
	assert.equal(io.stdout.text, "ROW ID   NAME\n");
});

test("printItems() prints one JSON list, as docker inspect does", () => {
	const io = memoryIo();
	printItems(io, undefined, [{ id: "a" }]);
	assert.equal(io.stdout.text, '[\n    {\n        "id": "a"\n    }\n]\n');
	const others = memoryIo();
	printItems(others, "json", rows);
	printItems(others, "{{.id}}", rows);
	assert.equal(others.stdout.text, `${JSON.stringify(rows)}\nabcdef\n123456\n`);
});

test("itemPrinter() prints for a person, for a program, and by a template", () => {
	const io = memoryIo();
	for (const format of [undefined, "json", "{{.name}}"])
		itemPrinter<Row>(io, format, ({ id }) => `row ${id}`)(rows[0] as Row);
	assert.equal(io.stdout.text, 'row abcdef\n{"id":"abcdef","name":"blue"}\nblue\n');
});

test("itemPrinter() refuses a format before there is anything to print", () => {
	assert.throws(() => itemPrinter(memoryIo(), "yaml", String), { code: "ARGUMENT_INVALID" });
});

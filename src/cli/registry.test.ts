import assert from "node:assert/strict";
import { test } from "node:test";
import { eachVerb } from "../../test/each-verb.ts";
import { runWeft } from "../../test/memory-io.ts";
import type { Command } from "./command.ts";
import { parse } from "./parse.ts";
import { registry } from "./registry.ts";
import { usageOf } from "./usage.ts";

const all: (readonly [path: string, command: Command])[] = [];
for await (const { path, command } of eachVerb()) all.push([path, command]);

/** Reads a line of a shell, as far as the examples go: what `weft` gets of it. */
function verbOf(line: string): { readonly path: string; readonly command: Command; readonly args: string[] } {
	const own = line
		.slice(line.indexOf("weft "))
		.replaceAll(/"?\$\([^)]*\)"?/g, "X")
		.replace(/ [|>].*|\)$/, "");
	const [, ...words] = [...own.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = ""]) => quoted ?? plain);
	for (const length of [2, 1]) {
		const path = words.slice(0, length).join(" ");
		const command = all.find(([known]) => known === path)?.[1];
		if (command !== undefined) return { path, command, args: words.slice(length) };
	}
	throw new Error(`no verb in "${line}"`);
}

test("registry names no verb twice, nor by an alias", () => {
	for (const entries of [registry, ...registry.flatMap(({ children }) => (children === undefined ? [] : [children]))]) {
		const names = entries.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
		assert.equal(new Set(names).size, names.length, names.join(" "));
	}
});

for (const [path, command] of all) {
	const flags = Object.entries(command.flags);

	test(`weft ${path} --help shows usage, flags and examples`, async () => {
		const { code, stdout } = await runWeft([...path.split(" "), "--help"]);
		assert.equal(code, 0);
		assert.ok(stdout.startsWith(`Usage:  ${usageOf(`weft ${path}`, command)}\n\n`), stdout);
		assert.ok(command.examples.length > 0);
		for (const { type, does } of command.examples) assert.ok(stdout.includes(`  # ${does}\n  ${type}\n`), type);
		for (const [name, { hidden }] of flags) assert.equal(stdout.includes(`--${name} `), hidden !== true, name);
	});

	test(`weft ${path} has examples that can be typed`, () => {
		const typed = command.examples.map(({ type }) => verbOf(type));
		assert.ok(
			typed.some((verb) => verb.path === path),
			"none is of this verb",
		);
		for (const { path: itsPath, command: itsCommand, args } of typed) parse(`weft ${itsPath}`, itsCommand, args);
	});

	test(`weft ${path} has flags that say what they are for`, () => {
		const letters = flags.flatMap(([, { short }]) => short ?? []);
		assert.equal(new Set(letters).size, letters.length, letters.join(""));
		for (const [name, { short = "x", help, type, multiple, default: value, hidden }] of flags) {
			assert.match(name, /^[a-z][a-z-]*$/);
			assert.match(short, /^[a-z]$/, name);
			assert.match(help, hidden === true ? /./ : /^\S.*[^.]$/, name);
			if (type === "boolean") assert.deepEqual([multiple, value], [undefined, undefined], name);
		}
	});

	test(`weft ${path} has its optional, several and verbatim words at the end`, () => {
		command.operands.forEach(({ name, optional, several, verbatim }, i) => {
			assert.match(name, /^[A-Z|]+$/);
			const isLast = i === command.operands.length - 1;
			if (several === true || verbatim === true) assert.ok(isLast, name);
			if (optional === true)
				assert.ok(
					command.operands.slice(i).every((later) => later.optional === true),
					name,
				);
		});
	});
}

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import * as table from "./layers.ts";

const root = new URL("../src/", import.meta.url).pathname;

interface Import {
	readonly module: string;
	readonly line: number;
	readonly lazy: boolean;
}

const sources = globSync("**/*.ts", { cwd: root }).sort();
/** Tests may look everywhere: they try the pure parts on the fake kernel, and use node:test. */
const product = sources.filter((path) => !path.endsWith(".test.ts"));

function read(path: string): string {
	return readFileSync(root + path, "utf8");
}

/** @returns Static, re-exporting, type-only and lazy imports, as the formatter writes them. */
function importsOf(text: string): Import[] {
	const forms = [
		{ form: /^(?:import|export)\b[^;"'`]*?\bfrom "([^"]+)"/gm, lazy: false },
		{ form: /^import "([^"]+)"/gm, lazy: false },
		{ form: /\bimport\(\s*"([^"]+)"/g, lazy: true },
	];
	return forms.flatMap(({ form, lazy }) =>
		[...text.matchAll(form)].map((match) => ({ module: match[1] ?? "", line: lineAt(text, match.index), lazy })),
	);
}

function lineAt(text: string, index: number): number {
	return text.slice(0, index).split("\n").length;
}

/** Blanks out comments, keeping the lines. */
function withoutComments(text: string): string {
	return text
		.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
		.replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

const roomOf = (path: string): string => path.slice(0, path.indexOf("/"));
const levelOf = (path: string): number => table.levels[roomOf(path)] ?? Number.NaN;

/** @returns Why `from` may not import the file `to`, or undefined. */
function breachInside(from: string, to: string, lazy: boolean): string | undefined {
	if (roomOf(from) === roomOf(to)) return undefined;
	const passage = table.passages.find((p) => p.from.test(from) && p.to.test(to));
	if (passage !== undefined) return passage.lazy && !lazy ? `only with import(): ${passage.reason}` : undefined;
	const ban = table.bans.find((b) => b.from.test(from) && b.to.test(to) && (b.evenLazy || !lazy));
	if (ban !== undefined) return ban.reason;
	if (levelOf(to) < levelOf(from)) return undefined;
	return levelOf(to) === levelOf(from) ? table.siblingReason : table.levelReason;
}

/** @returns Why `from` may not import the package or node: module, or undefined. */
function breachOutside(from: string, module: string): string | undefined {
	const rule = table.outside.find((o) => o.module.test(module));
	if (rule !== undefined && !rule.allowed.test(from)) return rule.reason;
	const pure = levelOf(from) <= table.pureLevel && !(roomOf(from) === "lib" && module.startsWith("node:"));
	if (pure && !table.purePackages.test(module)) return table.pureReason;
	return undefined;
}

function breachesOf(path: string): string[] {
	const text = withoutComments(read(path));
	return importsOf(text).flatMap(({ module, line, lazy }) => {
		const inside = module.startsWith(".");
		const to = inside ? posix.normalize(posix.join(posix.dirname(path), module)) : module;
		const why = inside ? breachInside(path, to, lazy) : breachOutside(path, module);
		return why === undefined ? [] : [`src/${path}:${line} imports ${to}: ${why}`];
	});
}

test("src/ every room has a level", () => {
	const rooms = new Set(product.map(roomOf));
	assert.deepEqual(
		[...rooms].filter((room) => table.levels[room] === undefined),
		[],
	);
});

test("src/ imports go the one way", () => {
	assert.deepEqual(product.flatMap(breachesOf), []);
});

test("src/ pure rooms have no clock, random source, environment or timer", () => {
	const found = product
		.filter((path) => levelOf(path) === table.pureLevel)
		.flatMap((path) => {
			const text = withoutComments(read(path));
			return table.impurities.flatMap(({ text: form, reason }) => {
				const at = text.search(form);
				return at < 0 ? [] : [`src/${path}:${lineAt(text, at)} ${reason}`];
			});
		});
	assert.deepEqual(found, []);
});

test(`src/ no file is longer than ${table.maxFileLines} lines`, () => {
	const long = sources
		.filter((path) => !/(^|\/)gen\//.test(path))
		.map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
		.filter(({ lines }) => lines > table.maxFileLines)
		.map(({ path, lines }) => `src/${path} has ${lines}`);
	assert.deepEqual(long, []);
});

for (const { folder, registry, member } of table.registries) {
	test(`src/${registry} names every file of src/${folder} that it should`, () => {
		const members = product.filter(
			(path) => posix.dirname(path) === folder && path !== registry && member.test(read(path)),
		);
		const named = members.length === 0 ? "" : read(registry);
		assert.deepEqual(
			members.filter((path) => !named.includes(`/${posix.basename(path)}"`)),
			[],
		);
	});
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, command } from "./command.ts";
import { parse } from "./parse.ts";

const verb = command({
	operands: [{ name: "NETWORK" }, { name: "CONTAINER", optional: true }],
	flags: {
		force: { type: "boolean", short: "f", help: "" },
		ip: { type: "string", help: "" },
		alias: { type: "string", short: "a", multiple: true, help: "" },
		ttl: { type: "string", default: "1h", help: "" },
		secret: { type: "boolean", hidden: true, help: "" },
	},
	examples: [],
	run: async () => {},
});
const exec: Command = command({
	operands: [{ name: "CONTAINER" }, { name: "COMMAND", verbatim: true }],
	flags: { tty: { type: "boolean", short: "t", help: "" }, hostname: { type: "string", short: "h", help: "" } },
	examples: [],
	run: async () => {},
});

test("parse() gives what was not typed its place: false, an empty list, the default, undefined", () => {
	const { flags, operands } = parse("weft try", verb, ["blue"]);
	assert.deepEqual(flags, { force: false, ip: undefined, alias: [], ttl: "1h", secret: false });
	assert.deepEqual(operands, ["blue"]);
});

test("parse() reads flags wherever they stand, long, short, joined and with =", () => {
	const { flags, operands } = parse("weft try", verb, ["-fa", "db", "blue", "--alias=pg=1", "--ip", "10.0.0.9", "web"]);
	assert.deepEqual(flags, { force: true, ip: "10.0.0.9", alias: ["db", "pg=1"], ttl: "1h", secret: false });
	assert.deepEqual(operands, ["blue", "web"]);
});

test("parse() takes the last of several values of a flag that has one", () => {
	assert.equal(parse("weft try", verb, ["--ip", "a", "--ip", "b", "blue"]).flags.ip, "b");
});

test("parse() takes =true and =false of a flag that is on or off", () => {
	assert.equal(parse("weft try", verb, ["--force=true", "blue"]).flags.force, true);
	assert.equal(parse("weft try", verb, ["--force", "--force=false", "blue"]).flags.force, false);
});

test("parse() takes nothing for a flag behind --", () => {
	assert.deepEqual(parse("weft try", verb, ["--", "--force", "-x"]).operands, ["--force", "-x"]);
});

test("parse() leaves the words of a command alone, from its first word on", () => {
	for (const words of [
		["-t", "web", "ls", "-t", "--tty"],
		["-t", "web", "--", "ls", "-t", "--tty"],
	]) {
		const { flags, operands } = parse("weft exec", exec, words);
		assert.deepEqual([flags["tty"], operands], [true, ["web", "ls", "-t", "--tty"]]);
	}
});

test("parse() takes --help anywhere before the command, and checks nothing else", () => {
	assert.equal(parse("weft try", verb, ["--unheard-of", "-h"]).help, true);
	assert.equal(parse("weft exec", exec, ["web", "ls", "--help"]).help, false);
});

test("parse() leaves -h to a verb that has a flag of that letter", () => {
	assert.equal(parse("weft exec", exec, ["-h", "db", "web", "ls"]).flags["hostname"], "db");
	assert.equal(parse("weft exec", exec, ["--help"]).help, true);
});

const refused: readonly (readonly [words: readonly string[], message: RegExp, fix: string])[] = [
	[[], /^Cannot run weft try: NETWORK is missing$/, "weft try [OPTIONS] NETWORK [CONTAINER]"],
	[["a", "b", "c"], /"c" is one word too many$/, "weft try [OPTIONS] NETWORK [CONTAINER]"],
	[["--forse", "a"], /--forse: weft try has no such flag, did you mean --force\?$/, "weft try --help"],
	[["--secre", "a"], /has no such flag$/, "weft try --help"],
	[["-x", "a"], /flag -x: /, "weft try --help"],
	[["--__proto__", "a"], /has no such flag$/, "weft try --help"],
	[["--constructor=x", "a"], /has no such flag$/, "weft try --help"],
	[["a", "--ip"], /--ip alone: it needs a value$/, "weft try --ip=VALUE"],
	[["a", "--ip", "-1"], /whether "-1" is the value of --ip or a flag$/, "write --ip=-1 for the value"],
	[["a", "--force=maybe"], /--force=maybe: it is on or off$/, "weft try --force"],
];

for (const [words, message, fix] of refused)
	test(`parse() refuses "${words.join(" ")}"`, () => {
		assert.throws(() => parse("weft try", verb, words), { code: "ARGUMENT_INVALID", message, fix });
	});

test("parse() takes - for a value and for an operand", () => {
	assert.equal(parse("weft try", verb, ["--ip", "-", "blue"]).flags.ip, "-");
	assert.deepEqual(parse("weft try", verb, ["-"]).operands, ["-"]);
});

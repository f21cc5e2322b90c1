import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { ErrorCode } from "../../src/model/error.ts";
import { needs } from "../needs.ts";
import { badPlaceLines, badUserLines } from "./bad-input/agent-lines.ts";
import { badFlagLines } from "./bad-input/flag-lines.ts";
import { type BadLine, badLines } from "./bad-input/lines.ts";
import { pictureOf } from "./bad-input/picture.ts";
import { runLines, scriptPath } from "./bad-input/run.ts";
import { type Ended, eventually, type TestLab, withLab } from "./with-lab.ts";

/** "run -- 'a b'" is run, --, a b. */
function wordsOf(line: string, places: Readonly<Record<string, string>>): string[] {
	return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = ""]) => quoted ?? places[plain] ?? plain);
}

function refused({ code, stderr }: Ended, [line, error, message, exit = 2]: BadLine): void {
	const [first = "", ...rest] = stderr.split("\n");
	assert.equal(code, exit, `weft ${line}: ${stderr}`);
	assert.match(first, /^error: Cannot .*[^.]$/, `weft ${line}: ${stderr}`);
	assert.match(first, message, `weft ${line}`);
	assert.ok(rest.includes(`  code:  ${error}`), `weft ${line}: ${stderr}`);
	assert.ok(
		rest.some((text) => /^ {2}fix: {3}\S/.test(text)),
		`weft ${line} has no fix: ${stderr}`,
	);
	assert.doesNotMatch(stderr, /openapi|undefined|\[object/, `weft ${line}`);
}

interface Where {
	/** A command that runs others as somebody else. */
	readonly as?: readonly string[];
	/** What stands for a word of a line. */
	readonly places?: Readonly<Record<string, string>>;
}

function refuseAll(lab: TestLab, lines: readonly BadLine[], { as = [], places = {} }: Where = {}): void {
	const words = lines.map(([line]) => wordsOf(line, places));
	for (const [i, ended] of runLines(lab, "host1", words, as).entries()) refused(ended, lines[i] as BadLine);
}

test(
	"what is typed wrong is refused with a reason and a remedy, and changes nothing",
	{
		skip: needs("root", "runc", "conmon", "nft", "setpriv"),
	},
	(t) =>
		withLab("badin", 2, async (lab) => {
			lab.weft("host1", "network", "create", "--subnet", "10.9.0.0/24", "blue");
			lab.weft("host1", "network", "create", "red");
			lab.weft("host1", "network", "create", "--subnet", "10.8.0.0/15", "wide");
			lab.sleeper("host1", "web", "blue");
			lab.sleeper("host2", "db", "blue");
			lab.weft("host1", "run", "--name", "ended", "--", "true");
			lab.lab.exec("host1", ["ip", "netns", "add", "foreign"]);
			const places = {
				$HOST: lab.weft("host1", "status", "--format", "{{.pid}}"),
				$WEB: lab.weft("host1", "inspect", "--format", "{{.pid}}", "web"),
				$BLUE: lab.overlay("blue"),
			};
			const before = pictureOf(lab);
			for (const [what, lines] of Object.entries({ ...badLines, ...badFlagLines }))
				await t.test(what, () => refuseAll(lab, lines, { places }));
			await t.test("wrong users", () => wrongUsers(lab));
			await t.test("another agent", () => refuseAll(lab, badPlaceLines));
			assert.deepEqual(pictureOf(lab), before);
			await occupied(t, lab);
			await t.test("programs that are not there", () => missingPrograms(lab));
			assert.match(lab.weft("host1", "status"), /health: +all well/);
			assert.match(lab.weft("host2", "status"), /health: +all well/);
		}),
);

function wrongUsers(lab: TestLab): void {
	const as = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
	refuseAll(lab, badUserLines, { as });
	assert.equal(lab.run("host1", ...as, "weft", "version").code, 0);
}

const socketPath = "/run/weft/weft.sock";

/** host2's agent is ended, and what it needs is another's. */
async function occupied(t: TestContext, lab: TestLab): Promise<void> {
	const launch = () => lab.run("host2", "weft", "launch");
	const refusedLaunch = (code: ErrorCode, message: RegExp) => refused(launch(), ["launch", code, message, 1]);
	lab.lab.exec("host2", ["kill", lab.weft("host2", "status", "--format", "{{.pid}}")]);
	await eventually("the agent ends", 10_000, () => lab.run("host2", "weft", "ps").code !== 0);

	await t.test("no agent", () =>
		refused(lab.run("host2", "weft", "ps"), ["ps", "AGENT_UNREACHABLE", /no socket is there/, 1]),
	);
	await t.test("TCP 4790 is another's", () =>
		withHolder(lab, ["tcp", "4790"], () =>
			refusedLaunch("PORT_IN_USE", /192\.168\.56\.102:4790: node \(pid \d+\) does/),
		),
	);
	await t.test("the socket is another's", async () => {
		await withHolder(lab, ["http", socketPath], () => {
			refusedLaunch("CONFIG_INVALID", /: node \(pid \d+\) listens there/);
			refused(lab.run("host2", "weft", "ps"), ["ps", "AGENT_UNREACHABLE", /what answers there is none/, 1]);
		});
		await withHolder(lab, ["mute", socketPath], () => refusedLaunch("CONFIG_INVALID", /\(pid \d+\) listens there/));
	});
	await t.test("the socket's path is a file's, or a folder's", () => {
		for (const make of [`touch ${socketPath}`, `mkdir ${socketPath}`]) {
			lab.lab.exec("host2", ["sh", "-c", `rm -rf ${socketPath} && ${make}`]);
			refusedLaunch("CONFIG_INVALID", /it is there, and no socket/);
		}
		lab.lab.exec("host2", ["rmdir", socketPath]);
	});
	assert.equal(launch().code, 0);
	await t.test("UDP 4789 is another's", () => vxlanPortTaken(lab));
}

/** db's overlay holds the port: it has to go first. */
async function vxlanPortTaken(lab: TestLab): Promise<void> {
	const holder = /UDP port 4789 is held by node \(pid \d+\)/;
	lab.weft("host2", "network", "disconnect", "blue", "db");
	const before = pictureOf(lab);
	await withHolder(lab, ["udp", "4789"], async () => {
		const status = lab.run("host2", "weft", "status");
		assert.equal(status.code, 1);
		assert.match(status.stdout, holder);
		const run = lab.run("host2", "weft", "run", "--network", "blue", "--", "true");
		refused(run, ["run", "VXLAN_PORT_IN_USE", holder, 125]);
		const connect = lab.run("host2", "weft", "network", "connect", "blue", "db");
		refused(connect, ["network connect", "VXLAN_PORT_IN_USE", holder, 1]);
	});
	assert.deepEqual(pictureOf(lab), before);
	assert.match(lab.weft("host2", "status"), /health: +all well/);
	lab.weft("host2", "network", "connect", "blue", "db");
}

function missingPrograms(lab: TestLab): void {
	const before = pictureOf(lab);
	for (const program of ["runc", "conmon"]) {
		const path = lab.lab.exec("host2", ["sh", "-c", `command -v ${program}`]).trim();
		lab.lab.exec("host2", ["mount", "--bind", "/dev/null", path]);
		const ended = lab.run("host2", "weft", "run", "--network", "blue", "--", "true");
		lab.lab.exec("host2", ["umount", path]);
		refused(ended, ["run", "PROGRAM_MISSING", new RegExp(`${program} is not installed`), 125]);
	}
	assert.deepEqual(pictureOf(lab), before);
}

async function withHolder(
	lab: TestLab,
	what: readonly [kind: string, where: string],
	work: () => void | Promise<void>,
): Promise<void> {
	const holder = lab.lab.spawn(
		"host2",
		[process.execPath, scriptPath("hold.ts"), ...what],
		["pipe", "pipe", "inherit"],
	);
	assert.ok(holder.stdout);
	const [said] = (await Promise.race([once(holder.stdout, "data"), once(holder, "exit")])) as unknown[];
	assert.equal(String(said), "holding\n");
	try {
		await work();
	} finally {
		holder.stdin?.end();
		await once(holder, "exit");
	}
}

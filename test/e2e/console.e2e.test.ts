import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { Terminal } from "./terminal.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon", "script");
const ctrlC = "\x03";
const ctrlP = "\x10";
const ctrlQ = "\x11";

const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Runs `weft …` on host1 with bytes on its stdin. */
function piped(lab: TestLab, input: Buffer | string, ...argv: readonly string[]) {
	const [program = "", ...args] = lab.lab.argv("host1", ["weft", ...argv]);
	return spawnSync(program, args, { input, timeout: 60_000, maxBuffer: 64 * 1024 * 1024, cwd: "/" });
}

test("weft run -i passes streams on as they are", { skip }, (t) =>
	withLab("streams", 1, async (lab) => {
		for (const size of [0, 1, 1_000_000, 30_000_000])
			await t.test(`${size} bytes come back from cat`, () => {
				const bytes = randomBytes(size);
				const { status, stdout, stderr } = piped(lab, bytes, "run", "-i", "--rm", "--", "cat");
				assert.equal(status, 0, String(stderr));
				assert.equal(stdout.length, size);
				assert.equal(hash(stdout), hash(bytes));
			});

		await t.test("a container that reads nothing ends as it wants", () => {
			const { status } = piped(lab, randomBytes(1_000_000), "run", "-i", "--rm", "--", "sh", "-c", "sleep 0.3; exit 5");
			assert.equal(status, 5);
		});

		await t.test("a container that reads the beginning ends without the rest", () => {
			const { status, stdout } = piped(lab, randomBytes(5_000_000), "run", "-i", "--rm", "--", "head", "-c", "1000");
			assert.equal(status, 0);
			assert.equal(stdout.length, 1000);
		});

		await t.test("stdin that goes on does not hold it", async () => {
			const child = lab.lab.spawn("host1", ["weft", "run", "-i", "--rm", "--", "true"], ["pipe", "ignore", "inherit"]);
			const code = await new Promise((resolve) => child.once("exit", resolve));
			assert.equal(code, 0);
		});

		await t.test("stderr is apart, and the exit code is the command's", () => {
			const script = "read x; echo out $x; echo err >&2; exit 7";
			const { status, stdout, stderr } = piped(lab, "in\n", "run", "-i", "--rm", "--", "sh", "-c", script);
			assert.deepEqual([status, String(stdout), String(stderr)], [7, "out in\n", "err\n"]);
		});

		await t.test("without -i its output comes as it is, too", () => {
			const script = "head -c 300000 /dev/zero | tr '\\0' '\\377'; echo err >&2";
			const { status, stdout, stderr } = piped(lab, "unread", "run", "--rm", "--", "sh", "-c", script);
			assert.deepEqual([status, String(stderr)], [0, "err\n"]);
			assert.equal(hash(stdout), hash(Buffer.alloc(300_000, 0xff)));
		});

		await t.test("signals reach the command, and who interrupts it three times leaves it", () => {
			const command = "trap 'echo term; exit 4' TERM; trap 'echo int' INT; echo up; while :; do sleep 0.05; done";
			const script = (signals: string) => `>/tmp/sig; weft run --name sig -- sh -c "${command}" >>/tmp/sig &
				until grep -q up /tmp/sig; do sleep 0.05; done
				for s in ${signals}; do kill -$s $!; sleep 0.3; done
				wait $!; echo $?; cat /tmp/sig; weft ps; weft rm -f sig >/dev/null`;
			assert.match(lab.run("host1", "sh", "-c", script("TERM")).stdout, /^4\nup\nterm\nCONTAINER [^\n]*\n$/);
			assert.match(lab.run("host1", "sh", "-c", script("INT INT INT")).stdout, /^130\nup\nint\nint\n[^]* Up .* sig\n$/);
		});

		await t.test("a missing program is said, and leaves nothing", () => {
			for (const flags of [["-i", "--rm"], ["--rm"]]) {
				const { status, stderr } = piped(lab, "", "run", ...flags, "--", "/no/such");
				assert.match(String(stderr), /its root has no program "\/no\/such"/);
				assert.equal(status, 127);
			}
		});

		assert.deepEqual(lab.remains("host1"), []);
	}),
);

test("weft run -it and weft exec -it give a terminal", { skip }, (t) =>
	withLab("tty", 1, async (lab) => {
		const at = (line: string) => Terminal.open(lab.lab, "host1", line);
		lab.weft("host1", "run", "-d", "--name", "box", "--", "sleep", "1d");

		for (const [what, line] of [
			["run", "weft run -it --rm -- sh"],
			["exec", "weft exec -it box sh"],
		] as const) {
			await t.test(`${what}: its size, and a new one`, async () => {
				const terminal = await at(line);
				await terminal.sees(/# /);
				terminal.type("stty size\r");
				await terminal.sees(/\n30 100\r/);
				spawnSync("stty", ["-F", terminal.tty, "rows", "50", "cols", "120"]);
				await eventually("the new size", 5_000, () => {
					terminal.type("stty size\r");
					return terminal.shown.includes("\n50 120\r");
				});
				terminal.type("exit 3\r");
				assert.equal(await terminal.ended(), 3);
			});

			await t.test(`${what}: Ctrl-C interrupts what runs inside, and nothing else`, async () => {
				const terminal = await at(line);
				await terminal.sees(/# /);
				terminal.type("sleep 60; echo sle''pt $?\r");
				await eventually("it sleeps", 5_000, () => /sleep 60/.test(lab.run("host1", "ps", "ax").stdout));
				terminal.type(ctrlC);
				await terminal.sees(/\^C[^]*# /);
				terminal.type("echo still $((20 + 1))\r");
				await terminal.sees(/still 21\r/);
				terminal.type("exit 6\r");
				assert.equal(await terminal.ended(), 6);
			});

			await t.test(`${what}: the terminal is as before afterwards`, async () => {
				const terminal = await at(
					`stty -a >/tmp/weft-tty; ${line}; echo code=$?; stty -a | diff - /tmp/weft-tty && echo as before`,
				);
				await terminal.sees(/# /);
				terminal.type("exit 4\r");
				await terminal.sees(/code=4\r\nas before\r\n/);
				assert.equal(await terminal.ended(), 0);
			});
		}

		await t.test("Ctrl-P Ctrl-Q leaves it running", async () => {
			const terminal = await at("weft run -it --name left -- sh; echo code=$?; stty -a");
			await terminal.sees(/# /);
			terminal.type(`echo a${ctrlP}b\r`);
			terminal.type(ctrlP);
			await new Promise((resolve) => setTimeout(resolve, 50));
			terminal.type(ctrlQ);
			await terminal.sees(/left it; the container goes on: weft stop [0-9a-f]{12}/);
			await terminal.sees(/code=0\r\n[^]* icanon [^]* echo /);
			assert.equal(await terminal.ended(), 0);
			assert.match(lab.weft("host1", "ps"), / Up .* left$/m);
			lab.weft("host1", "rm", "-f", "left");
		});

		await t.test("who pasted more than the program reads can leave it", async () => {
			const terminal = await at("weft run -it --rm -- sh -c 'stty raw -echo; echo up; sleep 2'");
			await terminal.sees(/up/);
			terminal.type("x".repeat(500_000));
			await new Promise((resolve) => setTimeout(resolve, 100));
			terminal.type(ctrlP + ctrlQ);
			await terminal.sees(/left it/);
			assert.equal(await terminal.ended(), 0);
			await eventually("it has ended", 5_000, () => !/sleep 2/.test(lab.weft("host1", "ps", "-a")));
		});

		await t.test("typing goes on while the agent is away, and the exit code comes when it is back", async () => {
			const terminal = await at("weft run -it --rm -- sh");
			await terminal.sees(/# /);
			process.kill(lab.agentPid("host1"), "SIGKILL");
			await eventually("it is gone", 5_000, () => lab.run("host1", "weft", "status").code !== 0);
			terminal.type("echo typed $((40 + 2))\r");
			await terminal.sees(/typed 42\r/);
			lab.weft("host1", "launch");
			terminal.type("echo typed $((50 + 2))\r");
			await terminal.sees(/typed 52\r/);
			terminal.type("exit 9\r");
			assert.equal(await terminal.ended(), 9);
		});

		await t.test("a missing program is said, and leaves nothing", async () => {
			const terminal = await at("weft run -it --rm -- /no/such");
			await terminal.sees(/its root has no program "\/no\/such"/);
			assert.equal(await terminal.ended(), 127);
		});

		await t.test("what it draws comes as it is", async () => {
			const terminal = await at("weft run -it --rm -- sh -c 'stty -opost; printf \"a\\nb\\n\"; sleep 0.2'");
			await terminal.sees(/a\nb\n/);
			assert.equal(await terminal.ended(), 0);
		});

		await t.test("-t without a terminal is refused", () => {
			const { status, stderr } = piped(lab, "", "run", "-it", "--rm", "--", "sh");
			assert.match(String(stderr), /Cannot give it a terminal: stdin is not one/);
			assert.equal(status, 125);
		});

		lab.weft("host1", "rm", "-f", "box");
		assert.deepEqual(lab.remains("host1"), []);
	}),
);

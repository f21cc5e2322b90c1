import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon");

/** A process that its host sees, killed as the kernel would when memory is short. */
function kill(lab: TestLab, host: string, name: string): void {
	lab.lab.exec(host, ["kill", "-9", `${lab.inspect(host, name).pid}`]);
}

const sleep = ["--", "sleep", "1d"];

/** @returns How a command failed. */
function refusal(lab: TestLab, ...argv: readonly string[]): { code: number | null; stderr: string } {
	const { code, stderr } = lab.run("host1", "weft", ...argv);
	return { code, stderr };
}

test("a container that ends again and again begins later each time, and keeps its place", { skip }, (t) =>
	withLab("backoff", 1, async (lab) => {
		lab.weft("host1", "network", "create", "blue");
		lab.sleeper("host1", "one", "blue");
		const view = (name: string) => lab.inspect("host1", name);
		const stateOf = (name: string) => view(name).state;
		const isBack = (name: string, count: number) => {
			const { state, restartCount } = view(name);
			return state === "running" && restartCount === count;
		};

		await t.test("its process is killed five times", async () => {
			lab.background("host1", "web", "--restart=always", "--network", "blue:alias=www", ...sleep);
			const { networks, netns } = view("web");
			const inode = () => lab.run("host1", "stat", "-c", "%i", netns).stdout;
			const before = inode();
			for (const [n, delayMs] of [100, 200, 400, 800, 1600].entries()) {
				kill(lab, "host1", "web");
				const killedAt = Date.now();
				await eventually(`it is back after ${delayMs} ms`, 5_000 + delayMs, () => isBack("web", n + 1));
				const waitedMs = Date.parse(view("web").startedAt ?? "") - killedAt;
				assert.ok(waitedMs >= delayMs - 20 && waitedMs < delayMs + 1_500, `${waitedMs} ms instead of ${delayMs} ms`);
				assert.deepEqual(view("web").networks, networks);
				assert.ok(lab.pings("host1", "one", "www"));
			}
			assert.equal(inode(), before, "it has kept its namespace");
		});

		await t.test("while it waits it is shown, is in its networks, and can be stopped", async () => {
			kill(lab, "host1", "web");
			await eventually("it waits", 2_000, () => stateOf("web") === "restarting");
			assert.match(lab.weft("host1", "ps"), /Restarting \(137\) .* ago +blue 10\.0\.0\.3 +web/);
			assert.match(lab.weft("host1", "network", "inspect", "blue"), /"web"/);
			assert.match(refusal(lab, "rm", "web").stderr, /Cannot remove container "web": it is restarting/);
			assert.match(refusal(lab, "exec", "web", "true").stderr, /it is not running/);
			lab.weft("host1", "stop", "web");
			assert.equal(stateOf("web"), "exited");
			assert.doesNotMatch(lab.weft("host1", "network", "inspect", "blue"), /"web"/);
			await new Promise((resolve) => setTimeout(resolve, 3_500));
			assert.equal(stateOf("web"), "exited", "it stays so");
		});

		await t.test(
			"one that has ended is started again: with its log, its files, its address while that is free",
			async () => {
				lab.weft("host1", "start", "web");
				assert.equal(view("web").networks["blue"]?.ipAddress, "10.0.0.3");
				assert.equal(view("web").restartCount, 0);
				assert.ok(lab.pings("host1", "one", "www"));
				assert.match(refusal(lab, "start", "web").stderr, /Cannot start container "web": it is running/);
				lab.background(
					"host1",
					"plain",
					"--network",
					"blue",
					"--",
					"sh",
					"-c",
					"date >> /runs; wc -l < /runs; hostname -i",
				);
				const ended = () => stateOf("plain") === "exited" && Object.keys(view("plain").networks).length === 0;
				await eventually("it has ended", 5_000, ended);
				lab.weft("host1", "start", "plain");
				await eventually("it has ended again", 5_000, ended);
				assert.equal(view("plain").exitCode, 0);
				assert.match(lab.weft("host1", "logs", "plain"), /^1\n10\.0\.0\.4\n2\n10\.0\.0\.4$/);
			},
		);

		await t.test("one that was given another's address gets a free one; one that asked for it is refused", () => {
			lab.background("host1", "fixed", "--network", "blue:ip=10.0.0.9", ...sleep);
			lab.weft("host1", "stop", "-t", "0", "fixed");
			lab.weft("host1", "stop", "-t", "0", "web");
			lab.background("host1", "thief", "--network", "blue:ip=10.0.0.9", ...sleep);
			lab.background("host1", "heir", "--network", "blue:ip=10.0.0.3", ...sleep);
			assert.match(refusal(lab, "start", "fixed").stderr, /10\.0\.0\.9/);
			assert.equal(stateOf("fixed"), "exited");
			assert.deepEqual(view("fixed").networks, {});
			lab.weft("host1", "start", "web");
			const address = view("web").networks["blue"]?.ipAddress;
			assert.notEqual(address, "10.0.0.3");
			assert.match(lab.weft("host1", "exec", "web", "cat", "/etc/hosts"), new RegExp(`^${address}\t`, "m"));
			lab.weft("host1", "rm", "-f", "thief");
			lab.weft("host1", "start", "fixed");
			assert.equal(view("fixed").networks["blue"]?.ipAddress, "10.0.0.9");
		});

		await t.test("on-failure ends after as many as it was given, and with a success", async () => {
			lab.background(
				"host1",
				"twice",
				"--restart=on-failure:2",
				"--network",
				"blue",
				"--",
				"sh",
				"-c",
				"echo run; exit 4",
			);
			await eventually(
				"it has given up",
				10_000,
				() => stateOf("twice") === "exited" && view("twice").restartCount === 2,
			);
			assert.deepEqual([view("twice").exitCode, view("twice").networks], [4, {}]);
			assert.equal(lab.weft("host1", "logs", "twice"), "run\nrun\nrun");
			lab.background("host1", "well", "--restart=on-failure", "--", "true");
			await eventually("it has ended", 5_000, () => stateOf("well") === "exited");
			assert.equal(view("well").restartCount, 0);
		});

		await t.test(
			"an agent that is killed while one waits starts it, and takes those up that ended meanwhile",
			async () => {
				lab.background(
					"host1",
					"loop",
					"--restart=unless-stopped",
					"--network",
					"blue",
					"--",
					"sh",
					"-c",
					"sleep 0.2; exit 1",
				);
				const { networks } = view("loop");
				await eventually("it waits", 10_000, () => stateOf("loop") === "restarting" && view("loop").restartCount > 2);
				process.kill(lab.agentPid("host1"), "SIGKILL");
				kill9InRun(lab, "heir");
				lab.weft("host1", "launch");
				const { restartCount } = view("loop");
				await eventually("it goes on", 10_000, () => view("loop").restartCount > restartCount);
				assert.deepEqual(view("loop").networks, networks);
				await eventually(
					"the other one has left",
					5_000,
					() => stateOf("heir") === "exited" && view("heir").networks["blue"] === undefined,
				);
			},
		);

		await t.test("--rm does not go with it, nor a policy that is none", () => {
			const both = refusal(lab, "run", "--rm", "--restart=always", "--name", "both", ...sleep);
			assert.equal(both.code, 125);
			assert.match(both.stderr, /give one of --rm and --restart/);
			assert.match(refusal(lab, "run", "--restart=sometimes", ...sleep).stderr, /Cannot take --restart "sometimes"/);
		});

		await t.test("rm leaves nothing", async () => {
			lab.weft("host1", "rm", "-f", ...lab.weft("host1", "ps", "-aq").split("\n"));
			assert.deepEqual(lab.remains("host1"), []);
		});
	}),
);

/** While the agent is away nobody tells its pid but runc. */
function kill9InRun(lab: TestLab, name: string): void {
	const script = `for spec in /var/lib/weft/containers/*/spec.json; do
		grep -q '"name":"${name}"' $spec && kill -9 $(cat \${spec%/*}/pid); done; true`;
	assert.equal(lab.run("host1", "sh", "-c", script).code, 0);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectAgent } from "../../src/client/client.ts";
import { holderOf } from "../../src/lab/holder.ts";
import type { CreateContainerRequest, Service } from "../../src/model/service.ts";
import { needs } from "../needs.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon");

/** The agent of a host, by its socket in that host's own /run. */
function agentOf(lab: TestLab, host: string): Service {
	return connectAgent({ socketPath: `/proc/${holderOf(lab.lab.name, host)?.pid}/root/run/weft/weft.sock` });
}

function asked(name: string, command: readonly string[], more: Partial<CreateContainerRequest> = {}) {
	return { name, command, networks: [], env: [], tty: false, stdin: false, autoRemove: false, ...more };
}

async function restartAgent(lab: TestLab): Promise<void> {
	process.kill(lab.agentPid("host1"), "SIGKILL");
	await eventually("the agent is gone", 5_000, () => lab.run("host1", "weft", "status").code !== 0);
	lab.weft("host1", "launch");
}

test("containers: short ones, torn ones, and many hands at once", { skip }, (t) =>
	withLab("ctr", 1, async (lab) => {
		const agent = agentOf(lab, "host1");
		const { containers } = agent;
		const stateOf = (ref: string) => containers.inspect(ref).then(({ state }) => state);
		lab.weft("host1", "network", "create", "blue");
		const conmonOf = (id: string) => {
			const ps = lab.run("host1", "ps", "-eo", "pid=,args=").stdout;
			return lab.machinePid("host1", Number(new RegExp(`^ *(\\d+) \\S*conmon .*-c ${id} `, "m").exec(ps)?.[1]));
		};

		await t.test("50 short ones in a row: each exit code and all output", () => {
			const script = `for i in $(seq 50); do weft run --rm -- sh -c "echo out $i; exit $i"; echo code $?; done`;
			const { stdout, stderr } = lab.run("host1", "sh", "-c", script);
			const wanted = Array.from({ length: 50 }, (_, n) => `out ${n + 1}\ncode ${n + 1}\n`);
			assert.equal(stdout, wanted.join(""), stderr);
			assert.deepEqual(lab.remains("host1"), []);
		});

		await t.test("one that was made ready and never started is removed, and leaves nothing", async () => {
			for (const more of [{ tty: true, stdin: true }, { stdin: true }, {}]) {
				const { id } = await containers.create(asked("ready", ["sleep", "1d"], more));
				await containers.console(id);
				assert.equal(await stateOf("ready"), "created");
				assert.ok(lab.remains("host1").length > 5);
				lab.weft("host1", "rm", "ready");
				assert.deepEqual(lab.remains("host1"), []);
			}
		});

		await t.test("one that was made ready can be started after its conmon was killed", async () => {
			const { id } = await containers.create(asked("ready", ["sh", "-c", "cat; exit 5"], { stdin: true }));
			await containers.console(id);
			process.kill(conmonOf(id), "SIGKILL");
			await eventually("conmon is gone", 5_000, () => !/conmon /.test(lab.run("host1", "ps", "ax").stdout));
			await containers.start(id);
			assert.equal(await stateOf("ready"), "running");
			await containers.remove("ready", { force: true });
			assert.deepEqual(lab.remains("host1"), []);
		});

		await t.test("one whose conmon was killed runs on, is known to run, and its end is known", async () => {
			lab.sleeper("host1", "orphan", "blue");
			const { id } = await containers.inspect("orphan");
			process.kill(conmonOf(id), "SIGKILL");
			await eventually("conmon is gone", 5_000, () => !/conmon /.test(lab.run("host1", "ps", "ax").stdout));
			assert.equal(await stateOf("orphan"), "running");
			await restartAgent(lab);
			assert.equal(await stateOf("orphan"), "running");
			const ended = containers.wait("orphan");
			await containers.kill("orphan", { signal: "SIGKILL" });
			assert.deepEqual(await ended, { exitCode: 137 });
			assert.equal(await stateOf("orphan"), "exited");
			lab.weft("host1", "rm", "orphan");

			lab.sleeper("host1", "orphan", "blue");
			process.kill(conmonOf((await containers.inspect("orphan")).id), "SIGKILL");
			lab.weft("host1", "rm", "-f", "orphan");
			assert.deepEqual(lab.remains("host1"), []);
		});

		await t.test("one that ended with its conmon while the agent was away has ended", async () => {
			lab.sleeper("host1", "lost", "blue");
			const { id, pid = 0 } = await containers.inspect("lost");
			process.kill(lab.agentPid("host1"), "SIGKILL");
			process.kill(conmonOf(id), "SIGKILL");
			lab.lab.exec("host1", ["sh", "-c", `kill -9 ${pid}`]);
			// Its number is another's now.
			lab.lab.exec("host1", ["sh", "-c", `cd /var/lib/weft/containers/${id} && echo 1 >pid && echo 1 >conmon.pid`]);
			lab.weft("host1", "launch");
			const { state, exitCode } = await containers.inspect("lost");
			assert.deepEqual([state, exitCode], ["exited", 137]);
			lab.weft("host1", "rm", "lost");
			assert.deepEqual(lab.remains("host1"), []);
		});

		await t.test(
			"one that was half removed is cleaned up when the agent starts; one that is damaged is told of, and stays",
			async () => {
				lab.sleeper("host1", "half", "blue");
				const { id } = await containers.inspect("half");
				await containers.stop("half", { timeoutSeconds: 0 });
				process.kill(lab.agentPid("host1"), "SIGKILL");
				const spec = `/var/lib/weft/containers/${id}/spec.json`;
				lab.lab.exec("host1", ["truncate", "-s", "20", spec]);
				lab.lab.exec("host1", ["mkdir", "-p", `/var/lib/weft/containers/${"ab".repeat(32)}/upper`]);
				lab.weft("host1", "launch");
				assert.deepEqual(await containers.list({ all: true }), []);
				const { problems } = await agent.status();
				assert.ok(problems.some(({ code, message }) => code === "FILE_DAMAGED" && message.includes(spec)));
				await assert.rejects(containers.start(id), { code: "FILE_DAMAGED" });
				await assert.rejects(containers.remove(id, { force: false }), { code: "FILE_DAMAGED" });
				lab.weft("host1", "rm", "--force", id.slice(0, 12));
				await assert.rejects(containers.start(id), { code: "CONTAINER_NOT_FOUND" });
				assert.deepEqual(lab.remains("host1"), []);
			},
		);

		await t.test("of many that ask for one name at once, one gets it", async () => {
			const asking = Array.from({ length: 8 }, () => containers.create(asked("same", ["true"])));
			const settled = await Promise.allSettled(asking);
			const failed = settled.filter((one) => one.status === "rejected");
			assert.equal(failed.length, 7);
			for (const { reason } of failed) assert.equal((reason as { code: string }).code, "CONTAINER_EXISTS");
			await containers.remove("same", { force: false });
		});

		await t.test("two that attach one namespace at once make one sandbox of it", async () => {
			lab.lab.exec("host1", ["ip", "netns", "add", "foreign"]);
			const attach = (name: string) => agent.attach({ netns: "foreign", network: "blue", name, aliases: [] });
			const settled = await Promise.allSettled([attach("one"), attach("two")]);
			assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 1);
			assert.equal((await containers.list({ all: true })).length, 1);
			lab.weft("host1", "rm", "one");
			lab.lab.exec("host1", ["ip", "netns", "del", "foreign"]);
		});

		await t.test("start, stop, kill and rm at once: it is removed, and leaves nothing", async () => {
			for (let round = 0; round < 8; round++) {
				const command = round % 2 === 0 ? ["true"] : ["sleep", "1d"];
				const { id } = await containers.create(asked("busy", command, { autoRemove: round % 4 < 2 }));
				// Whoever waits hears of it, in one way or the other.
				const waited = containers.wait(id).catch((error: { code: string }) => {
					assert.equal(error.code, "CONTAINER_NOT_FOUND");
				});
				const settled = await Promise.allSettled([
					containers.start(id),
					containers.stop(id, { timeoutSeconds: 0 }),
					containers.remove(id, { force: true }),
					containers.kill(id, { signal: "SIGTERM" }),
					containers.remove(id, { force: true }),
				]);
				for (const one of settled)
					if (one.status === "rejected")
						assert.match((one.reason as { code: string }).code, /^CONTAINER_NOT_(FOUND|RUNNING)$/, String(one.reason));
				await waited;
				await assert.rejects(containers.inspect(id), { code: "CONTAINER_NOT_FOUND" });
				assert.deepEqual(lab.remains("host1"), [], `round ${round}`);
			}
		});

		await t.test("20 at once come, end, and go", async () => {
			const codes = await Promise.all(
				Array.from({ length: 20 }, async (_, n) => {
					const networks = [{ network: "blue", aliases: [] }];
					const command = ["sh", "-c", `exit ${n}`];
					const { id } = await containers.create(asked(`many${n}`, command, { networks, autoRemove: true }));
					const [{ exitCode }] = await Promise.all([containers.wait(id), containers.start(id)]);
					return exitCode;
				}),
			);
			assert.deepEqual(
				codes,
				Array.from({ length: 20 }, (_, n) => n),
			);
			assert.deepEqual(lab.remains("host1"), []);
		});
	}),
);

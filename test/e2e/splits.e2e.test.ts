import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

/** What the messages name is 5 s; the rest is for a busy machine. */
const refusedWithinMs = 8_000;

function refusesInTime(lab: TestLab, host: string, ...argv: readonly string[]): void {
	const began = performance.now();
	const { code, stderr } = lab.run(host, "weft", ...argv);
	assert.notEqual(code, 0, argv.join(" "));
	assert.match(stderr, /Cannot reach the store at .*192\.168\.56\.101:4790/);
	assert.match(stderr, /code: +(STORE_UNREACHABLE|TIMEOUT)/);
	assert.ok(performance.now() - began < refusedWithinMs, `${argv.join(" ")} took too long`);
}

test(
	"a host that is cut off from the store goes on, and is back by itself",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab("cutoff", 3, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			for (const n of [1, 2, 3]) lab.sleeper(`host${n}`, `c${n}`, "blue");
			assert.ok(lab.pings("host2", "c2", "c3"));

			lab.lab.partition("host1", "host2");
			await eventually("host2 knows that the store is away", 10_000, () =>
				/unreachable/.test(lab.run("host2", "weft", "status").stdout),
			);
			assert.ok(lab.pings("host2", "c2", "c3"), "traffic and names to the side that is reachable");
			assert.ok(lab.pings("host1", "c1", "c3") && lab.pings("host3", "c3", "c2"));
			assert.ok(!lab.pings("host2", "c2", "c1"), "the cut is none");
			refusesInTime(lab, "host2", "run", "-d", "--name", "late", "--network", "blue", "--", "sleep", "1d");
			refusesInTime(lab, "host2", "network", "create", "green");
			const began = performance.now();
			assert.match(lab.weft("host2", "hosts"), /host1[^]*host2[^]*host3/);
			assert.ok(performance.now() - began < 2_000, "what a host knows by itself is told at once");
			// The other side goes on with everything.
			lab.sleeper("host3", "c4", "blue");
			assert.ok(lab.pings("host1", "c1", "c4"));

			lab.lab.heal();
			await eventually("new containers on host2, without a restart", 10_000, () => {
				const { code } = lab.run("host2", "weft", "run", "--rm", "--network", "blue", "--", "ping", "-c1", "-W1", "c4");
				return code === 0;
			});
			assert.ok(lab.pings("host2", "c2", "c4") && lab.pings("host2", "c2", "c1"));
			assert.doesNotMatch(lab.weft("host2", "ps", "-a"), /late/, "the refused one left something");
			assert.doesNotMatch(lab.weft("host1", "network", "inspect", "blue"), /"late"/);
		}),
);

test("what is lost one way only is lost one way only", { skip: needs("root", "runc", "conmon") }, () =>
	withLab("oneway", 3, async (lab) => {
		lab.weft("host1", "network", "create", "blue");
		for (const n of [1, 2, 3]) lab.sleeper(`host${n}`, `c${n}`, "blue");
		lab.lab.partition("host2", "host3", { oneWay: true });
		assert.ok(!lab.pings("host2", "c2", "c3") && !lab.pings("host3", "c3", "c2"));
		assert.ok(lab.pings("host2", "c2", "c1") && lab.pings("host3", "c3", "c1"));
		lab.sleeper("host3", "c4", "blue");
		assert.ok(lab.pings("host1", "c1", "c4"));
		lab.lab.heal();
		assert.ok(lab.pings("host2", "c2", "c3") && lab.pings("host2", "c2", "c4"));

		// The store's host hears host2, and is not heard by it.
		lab.lab.partition("host1", "host2", { oneWay: true });
		await eventually("host2 knows", 10_000, () => /unreachable/.test(lab.run("host2", "weft", "status").stdout));
		refusesInTime(lab, "host2", "network", "create", "green");
		assert.ok(lab.pings("host2", "c2", "c3"));
		lab.lab.heal();
		await eventually("host2 is back", 10_000, () => lab.run("host2", "weft", "network", "ls").code === 0);
	}),
);

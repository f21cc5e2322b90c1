import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../test/manual-clock.ts";
import { Grace } from "./grace.ts";

/** Four hosts, "a" to "d", seen from `self`, with a clock of its own. What is reclaimed is gone from then on. */
function cluster(self: string, reclaim: (id: string) => boolean = () => true) {
	const alive = new Set(["a", "b", "c", "d"]);
	const gone = new Set<string>();
	const told: string[] = [];
	const clock = new ManualClock();
	const grace = new Grace({
		self,
		alive: () => alive,
		graceMs: (id) => (gone.has(id) ? undefined : 60_000),
		async reclaim(id) {
			told.push(`${id} at ${clock.time / 1000}`);
			if (reclaim(id)) gone.add(id);
		},
		now: clock.now,
		later: clock.later,
	});
	return {
		grace,
		told,
		alive,
		hide(id: string) {
			alive.delete(id);
			grace.note(id, true);
		},
		show(id: string) {
			alive.add(id);
			gone.delete(id);
			grace.note(id, false);
		},
		async pass(seconds: number) {
			const end = clock.time + seconds * 1000;
			// What is reclaimed is reclaimed in a turn of its own.
			do await new Promise((resolve) => setImmediate(resolve));
			while (clock.step(end));
			clock.time = end;
		},
	};
}

test("Grace reclaims what a host holds when it is over, once", async () => {
	const { hide, pass, told } = cluster("a");
	hide("c");
	await pass(59);
	assert.deepEqual(told, []);
	await pass(3_600);
	assert.deepEqual(told, ["c at 60"]);
});

test("Grace takes nothing from a host that comes back in time, and counts anew when it dies again", async () => {
	const { hide, show, pass, told } = cluster("a");
	hide("c");
	await pass(50);
	show("c");
	await pass(50);
	hide("c");
	await pass(59);
	assert.deepEqual(told, []);
	await pass(1);
	assert.deepEqual(told, ["c at 160"]);
});

test("Grace leaves it to the living host with the lowest id, and takes over when that one dies", async () => {
	const { hide, pass, told } = cluster("b");
	hide("c");
	await pass(100);
	assert.deepEqual(told, []);
	hide("a");
	await pass(61);
	assert.deepEqual(told, ["c at 100", "a at 160"]);
});

test("Grace does nothing while the own lease does not hold, and counts anew afterwards", async () => {
	const { grace, alive, hide, pass, told } = cluster("a");
	hide("c");
	alive.delete("a");
	await pass(100);
	assert.deepEqual(told, []);
	alive.add("a");
	grace.restart();
	await pass(59);
	assert.deepEqual(told, []);
	await pass(1);
	assert.deepEqual(told, ["c at 160"]);
});

test("Grace tries again each second while it cannot reclaim", async () => {
	let fails = 3;
	const { hide, pass, told } = cluster("a", () => --fails < 0);
	hide("c");
	await pass(70);
	assert.deepEqual(told, ["c at 60", "c at 61", "c at 62", "c at 63"]);
});

test("Grace never reclaims from a host that has been hidden for less, whatever happens", async () => {
	const steps = fc.array(
		fc.record({
			what: fc.constantFrom("hide", "show", "restart", "pass"),
			host: fc.constantFrom("b", "c", "d"),
			seconds: fc.integer({ min: 0, max: 90 }),
		}),
		{ maxLength: 30 },
	);
	await fc.assert(
		fc.asyncProperty(steps, async (taken) => {
			const { grace, hide, show, pass, told, alive } = cluster("a");
			const hiddenAt = new Map<string, number>();
			let time = 0;
			for (const { what, host, seconds } of taken) {
				const before = told.length;
				if (what === "pass") {
					await pass(seconds);
					time += seconds;
				} else if (what === "restart") {
					for (const id of hiddenAt.keys()) hiddenAt.set(id, time);
					grace.restart();
				} else if (what === "hide" && alive.has(host)) {
					hiddenAt.set(host, time);
					hide(host);
				} else if (what === "show" && !alive.has(host)) {
					hiddenAt.delete(host);
					show(host);
				}
				for (const line of told.slice(before)) {
					const [id = "", at] = line.split(" at ");
					assert.ok(
						Number(at) - (hiddenAt.get(id) ?? Number.POSITIVE_INFINITY) >= 60,
						`${line}: ${JSON.stringify(taken)}`,
					);
				}
			}
		}),
	);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/manual-clock.ts";
import { Suspensions } from "./suspensions.ts";

/** Five hosts, "a" to "e", seen from "a", with a clock of its own. */
function cluster() {
	const alive = new Set(["a", "b", "c", "d", "e"]);
	const told: string[] = [];
	const clock = new ManualClock();
	const suspensions = new Suspensions({
		self: "a",
		isAlive: (id) => alive.has(id),
		onChange: (id) => told.push(`${id} ${suspensions.has(id) ? "hidden" : "shown"}`),
		now: clock.now,
		later: clock.later,
	});
	return {
		told,
		dies(...ids: string[]) {
			for (const id of ids) {
				alive.delete(id);
				suspensions.note(id);
			}
		},
		returns(...ids: string[]) {
			for (const id of ids) {
				alive.add(id);
				suspensions.note(id);
			}
		},
		pass(ms: number) {
			const end = clock.time + ms;
			while (clock.step(end));
			clock.time = end;
		},
	};
}

test("one host that dies alone is hidden within two seconds, and shown as soon as it is back", () => {
	const { dies, returns, pass, told } = cluster();
	dies("b");
	pass(2_000);
	assert.deepEqual(told, ["b hidden"]);
	returns("b");
	assert.deepEqual(told, ["b hidden", "b shown"]);
});

test("hosts that die together are hidden only when they do not come back", () => {
	const { dies, returns, pass, told } = cluster();
	dies("b", "c");
	pass(5_000);
	assert.deepEqual(told, []);
	returns("c");
	pass(15_000);
	assert.deepEqual(told, ["b hidden"]);
});

test("while this host's own lease is lost nothing is hidden", () => {
	const { dies, returns, pass, told } = cluster();
	dies("a");
	pass(1_000);
	dies("b");
	pass(10_000);
	assert.deepEqual(told, []);
	returns("a", "b");
	pass(60_000);
	assert.deepEqual(told, []);
});

test("two hosts that die one after the other are hidden one after the other", () => {
	const { dies, pass, told } = cluster();
	dies("b");
	pass(3_000);
	dies("c");
	pass(3_000);
	assert.deepEqual(told, ["b hidden", "c hidden"]);
});

test("a host that comes back before it was hidden is not told of", () => {
	const { dies, returns, pass, told } = cluster();
	dies("b");
	pass(1_000);
	returns("b");
	pass(60_000);
	assert.deepEqual(told, []);
});

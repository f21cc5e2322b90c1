import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerView } from "../../src/model/view.ts";
import { needs } from "../needs.ts";
import { eventually, withLab } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon");

/** With a boot, an agent's start, and a machine that does other things too. */
const backWithinMs = 15_000;

test(
	"a host boots again: containers with a restart policy are back in their places, others have left theirs",
	{ skip },
	() =>
		withLab("reboot", 2, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			lab.weft("host1", "network", "create", "red", "--internal");
			lab.sleeper("host1", "one", "blue");
			const policy = (name: string) => `--restart=${name}`;
			lab.background(
				"host2",
				"always",
				policy("always"),
				"--network",
				"blue:alias=web",
				"--network",
				"red",
				"--",
				"sleep",
				"1d",
			);
			lab.background("host2", "failing", policy("on-failure"), "--network", "blue", "--", "sleep", "1d");
			lab.background("host2", "stopped", policy("always"), "--network", "blue:ip=10.0.0.77", "--", "sleep", "1d");
			lab.background("host2", "halted", policy("unless-stopped"), "--network", "blue", "--", "sleep", "1d");
			lab.sleeper("host2", "once", "blue");
			const before = new Map(["always", "failing", "stopped"].map((name) => [name, lab.inspect("host2", name)]));
			lab.weft("host2", "exec", "always", "sh", "-c", "echo kept > /kept");
			for (const name of ["stopped", "halted"]) lab.weft("host2", "stop", "-t", "0", name);
			assert.deepEqual(lab.inspect("host2", "stopped").networks, {}, "one that was stopped has left");

			await lab.lab.kill("host2");
			await lab.lab.start("host2");

			const began = performance.now();
			for (const name of before.keys()) {
				await eventually(`${name} is reached by its name`, backWithinMs, () => lab.pings("host1", "one", name));
				const { networks, gatewayBridge, state, restartCount } = lab.inspect("host2", name);
				const places = (view: ContainerView["networks"] = {}) =>
					Object.entries(view).map(([net, { ipAddress, ifname, aliases }]) => ({ net, ipAddress, ifname, aliases }));
				assert.deepEqual(places(networks), places(before.get(name)?.networks), name);
				assert.equal(state, "running");
				assert.equal(gatewayBridge !== undefined, true, "it has a way out");
				assert.equal(restartCount, 1);
			}
			assert.ok(performance.now() - began < backWithinMs, "all of them");
			assert.ok(lab.pings("host1", "one", "web"), "by its alias");
			assert.equal(lab.weft("host2", "exec", "always", "cat", "/kept"), "kept");
			for (const [name, exitCode] of [
				["once", 137],
				["halted", 137],
			] as const) {
				const view = lab.inspect("host2", name);
				assert.deepEqual([view.state, view.exitCode, view.networks], ["exited", exitCode, {}], name);
			}
			assert.doesNotMatch(lab.weft("host1", "network", "inspect", "blue"), /"(once|halted)"/);

			for (const host of ["host1", "host2"]) await lab.lab.kill(host);
			await lab.lab.start("host2");
			await eventually("the store's host is away, and they are back", backWithinMs, () => {
				const states = ["always", "failing", "stopped"].map((name) => lab.inspect("host2", name).state);
				return states.every((state) => state === "running");
			});
			assert.ok(lab.pings("host2", "always", "failing"));
		}),
);

import assert from "node:assert/strict";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, withLab } from "./with-lab.ts";

test("what has no owner any more is removed, on every host", { skip: needs("root", "runc", "conmon") }, () =>
	withLab("tidy", 2, async (lab) => {
		lab.weft("host1", "network", "create", "blue");
		lab.sleeper("host2", "far", "blue");
		const members = () => Object.values(containersOf(lab.weft("host2", "network", "inspect", "blue"))).toSorted();
		const gone = (what: string) => eventually(what, 5_000, () => members().length === 1);

		// A namespace that somebody else made, and took away.
		lab.lab.exec("host1", ["ip", "netns", "add", "foreign"]);
		lab.weft("host1", "attach", "--network", "blue", "foreign");
		assert.deepEqual(members(), ["far", "foreign"]);
		lab.lab.exec("host1", ["ip", "netns", "del", "foreign"]);
		await gone("the endpoint of a deleted namespace");
		assert.doesNotMatch(lab.weft("host1", "ps", "-a"), /foreign/);

		// A process that ended.
		const argv = ["unshare", "--net", "sh", "-c", "echo $$; exec sleep 60"];
		const child = lab.lab.spawn("host1", argv, ["ignore", "pipe", "ignore"]);
		const [pid] = (await once(child.stdout as Readable, "data")) as [Buffer];
		lab.weft("host1", "attach", "--network", "blue", "--name", "app", String(pid).trim());
		assert.deepEqual(members(), ["app", "far"]);
		child.kill("SIGKILL");
		await gone("the endpoint of a process that ended");

		// One that went while the agent was away.
		lab.lab.exec("host1", ["ip", "netns", "add", "foreign"]);
		lab.weft("host1", "attach", "--network", "blue", "foreign");
		process.kill(lab.agentPid("host1"), "SIGKILL");
		lab.lab.exec("host1", ["ip", "netns", "del", "foreign"]);
		lab.lab.exec("host1", ["ip", "netns", "add", "foreign"]);
		lab.weft("host1", "launch");
		await gone("the endpoint of a namespace that went while the agent was away");
		const inNext = lab.lab.exec("host1", ["ip", "-n", "foreign", "-br", "link"]);
		assert.doesNotMatch(inNext, /eth/, "the next namespace of that name was plugged in");

		// Taken out by another host, by force.
		lab.sleeper("host1", "one", "blue");
		lab.weft("host2", "network", "disconnect", "--force", "blue", "one");
		await eventually(
			"the own host knows",
			3_000,
			() => lab.run("host1", "weft", "network", "connect", "blue", "one").code === 0,
		);
		assert.ok(lab.pings("host2", "far", "one"));
	}),
);

/** @returns The names of a network's endpoints by sandbox id. */
function containersOf(text: string): Record<string, string> {
	const [network] = JSON.parse(text) as { containers: Record<string, { name: string }> }[];
	return Object.fromEntries(Object.entries(network?.containers ?? {}).map(([id, { name }]) => [id, name]));
}

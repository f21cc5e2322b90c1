import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { pinging } from "./pinging.ts";
import { eventually, withLab } from "./with-lab.ts";

test(
	"the store's host dies for good, and the others go on from what they remember, one command each",
	{ skip: needs("root", "runc", "conmon") },
	(t) =>
		withLab("recover", 4, async (lab) => {
			for (const name of ["blue", "green"]) lab.weft("host1", "network", "create", name);
			lab.sleeper("host1", "c1", "blue");
			lab.sleeper("host2", "c2", "blue");
			lab.sleeper("host3", "c3", "blue", "green");
			lab.sleeper("host4", "c4", "green");
			const refused = lab.run("host2", "weft", "store", "recover", "--force");
			assert.match(refused.stderr, /the cluster's store at weft:.* answers.*code: {2}CONFLICT/s);
			const pings = [pinging(lab, "host2", "c2", "c3"), pinging(lab, "host3", "c3", "c4")];

			await lab.lab.kill("host1");
			const began = performance.now();
			const { code, stdout, stderr } = await lab.runAside("host2", "weft", "store", "recover", "--force");
			t.diagnostic(stderr);
			assert.equal(code, 0, stderr);
			assert.match(stderr, /remembers 1 network, 3 endpoints, 4 hosts/);
			const commands = stdout.trim().split("\n");
			assert.equal(commands.length, 2);
			for (const [n, line] of commands.entries()) {
				const joined = await lab.runAside(`host${n + 3}`, ...line.split(" "));
				assert.equal(joined.code, 0, joined.stderr);
				t.diagnostic(joined.stdout);
			}
			t.diagnostic(`all three are together again after ${Math.round(performance.now() - began)} ms`);

			// host2 was not in green: host3 put it back, and host4 its own.
			assert.equal(lab.weft("host2", "network", "ls", "--format", "{{.Name}}"), "blue\ngreen");
			assert.match(lab.run("host2", "weft", "store", "check").stderr, /: sound$/m);
			for (const host of ["host3", "host4"])
				await eventually(`${host} is at the new store`, 5_000, () =>
					lab.run(host, "weft", "status").stdout.includes("weft://192.168.56.102:4790 connected"),
				);
			lab.sleeper("host4", "late", "blue");
			assert.ok(lab.pings("host3", "c3", "late") && lab.pings("host2", "c2", "late"));
			for (const one of pings) assert.deepEqual(await one.end(), { lost: 0 });
			const running = lab.run("host4", "weft", "launch", "--join", commands[0]?.split(" ").at(-1) ?? "");
			assert.match(running.stderr, /code: {2}AGENT_ALREADY_RUNNING/);
		}),
);

import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, withLab } from "./with-lab.ts";

/** Lease and grace, the moment in which other leases could end too, and a busy machine. */
const goneWithinMs = 20_000;

test(
	"what a host holds that is gone is reclaimed once, goes with its network, and with the host when that is forgotten",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab(
			"gone",
			3,
			async (lab) => {
				for (const network of ["blue", "red"]) lab.weft("host1", "network", "create", network);
				for (const n of [1, 2, 3]) lab.sleeper(`host${n}`, `c${n}`, "blue");
				lab.sleeper("host3", "c4", "red");
				assert.match(lab.run("host1", "weft", "host", "forget", "--force", "host3").stderr, /HOST_ALIVE/);

				await lab.lab.kill("host3");
				await eventually("it is unreachable", goneWithinMs, () => lab.stateOf("host3") === "unreachable");
				assert.match(lab.weft("host2", "hosts"), /host3 +unreachable (less than a second|\d+ second)/i);
				assert.deepEqual(lab.members("blue"), ["c1 10.0.0.2/24", "c2 10.0.0.3/24", "c3 10.0.0.4/24"]);
				await eventually(
					"its endpoint goes with the network",
					goneWithinMs,
					() => lab.run("host2", "weft", "network", "rm", "red").code === 0,
				);
				await eventually("it is gone", goneWithinMs, () => lab.stateOf("host3") === "gone");
				assert.deepEqual(lab.members("blue"), ["c1 10.0.0.2/24", "c2 10.0.0.3/24"]);
				// Whose agents live by now has the lowest id: it alone reclaims.
				const logs = ["host1", "host2"].map((host) => lab.run(host, "cat", "/var/lib/weft/agent.log").stdout);
				assert.equal(logs.join("").split("reclaimed what a host held").length, 2, "it was reclaimed more than once");
				assert.ok(lab.pings("host1", "c1", "c2"));
				lab.sleeper("host2", "c5", "blue");
				assert.deepEqual(lab.members("blue").at(-1), "c5 10.0.0.5/24", "the address of c3 was given away at once");

				assert.equal(lab.weft("host2", "host", "forget", "--force", "host3"), "host3");
				assert.equal(lab.stateOf("host3"), undefined);
				assert.match(lab.run("host2", "weft", "host", "forget", "--force", "host3").stderr, /HOST_NOT_FOUND/);
			},
			["--lease", "2s", "--grace", "6s"],
		),
);

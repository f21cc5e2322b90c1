import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { pinging } from "./pinging.ts";
import { withLab } from "./with-lab.ts";

test(
	"the cluster's state moves from one host's database into another's, and back",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab("mighosts", 2, async (lab) => {
			for (const name of ["blue", "green"]) lab.weft("host1", "network", "create", name);
			for (const n of [1, 2]) lab.sleeper(`host${n}`, `c${n}`, "blue");
			const pings = pinging(lab, "host1", "c1", "c2");
			const migrate = (host: string) => lab.runAside(host, "weft", "store", "migrate", "--to", "sqlite:");

			// host1 has to join host2's authority, and does so by itself.
			const there = await migrate("host2");
			assert.equal(there.code, 0, there.stderr);
			assert.equal(lab.store("host2"), "sqlite: connected");
			assert.equal(lab.store("host1"), "weft://192.168.56.102:4790 connected");
			lab.sleeper("host1", "late", "green");
			for (const host of ["host1", "host2"]) assert.equal(lab.run(host, "weft", "store", "check").code, 0);

			const back = await migrate("host1");
			assert.equal(back.code, 0, back.stderr);
			assert.equal(lab.store("host1"), "sqlite: connected");
			assert.equal(lab.store("host2"), "weft://192.168.56.101:4790 connected");
			lab.sleeper("host2", "latest", "green");
			assert.ok(lab.pings("host2", "latest", "late"));
			assert.deepEqual(await pings.end(), { lost: 0 });
		}),
);

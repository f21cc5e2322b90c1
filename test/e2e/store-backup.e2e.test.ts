import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { pinging } from "./pinging.ts";
import { withLab } from "./with-lab.ts";

test(
	"a backup goes back into its place under running containers, and nothing of theirs is lost",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab("backup", 2, async (lab) => {
			for (const name of ["blue", "green"]) lab.weft("host1", "network", "create", name);
			for (const n of [1, 2]) lab.sleeper(`host${n}`, `c${n}`, "blue");
			assert.equal(lab.run("host1", "weft", "store", "check").code, 0);
			lab.weft("host2", "store", "backup", "/tmp/weft.backup");

			lab.weft("host1", "network", "rm", "green");
			lab.weft("host1", "network", "create", "red");
			lab.sleeper("host2", "later", "red");
			const refused = lab.run("host2", "weft", "store", "restore", "/tmp/weft.backup");
			assert.match(refused.stderr, /2 networks are in the cluster.*code: {2}STORE_NOT_EMPTY/s);
			const pings = pinging(lab, "host1", "c1", "c2");
			lab.weft("host2", "rm", "-f", "later");
			lab.weft("host2", "store", "restore", "--force", "/tmp/weft.backup");
			assert.equal(lab.weft("host1", "network", "ls", "--format", "{{.Name}}"), "blue\ngreen");
			assert.match(lab.run("host2", "weft", "store", "check").stderr, /: sound$/m);

			// What is cut is refused, and changes nothing.
			lab.lab.exec("host2", ["sh", "-c", "head -c 900 /tmp/weft.backup > /tmp/cut.backup"]);
			const cut = lab.run("host2", "weft", "store", "restore", "--force", "/tmp/cut.backup");
			assert.match(cut.stderr, /code: {2}BACKUP_DAMAGED/);
			lab.sleeper("host2", "new", "green");
			assert.equal(lab.weft("host1", "network", "ls", "--format", "{{.Name}}"), "blue\ngreen");
			assert.deepEqual(await pings.end(), { lost: 0 });
		}),
);

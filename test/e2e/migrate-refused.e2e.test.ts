import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { labEtcd } from "./lab-etcd.ts";
import { withLab } from "./with-lab.ts";

const skip = needs("root", "etcd", "etcdctl", "nft");

test("a move that cannot be whole changes nothing, and what somebody damages in an etcd is mended", { skip }, () =>
	withLab("migno", 3, async (lab) => {
		const etcd = await labEtcd(lab, 3);
		lab.weft("host1", "network", "create", "blue");
		const migrate = (to: string) => lab.runAside("host1", "weft", "store", "migrate", "--to", to);

		etcd.ctl("put", "weft/networks/of-another-cluster", "{}");
		const full = await migrate(etcd.url);
		assert.match(full.stderr, /it holds 1 record of a cluster.*code: {2}STORE_NOT_EMPTY/s);
		etcd.ctl("del", "--prefix", "weft/");

		lab.lab.partition("host2", "host3");
		const split = await migrate(etcd.url);
		assert.equal(split.code, 1);
		assert.match(split.stderr, /host2 (cannot go along|did not say whether it can)/);
		lab.lab.heal();
		assert.equal(etcd.ctl("get", "--prefix", "weft/", "--keys-only"), "");
		lab.weft("host2", "network", "create", "green");
		assert.match(lab.run("host1", "weft", "status").stdout, /sqlite: connected/);

		const gone = await migrate("etcd://192.168.56.103:1");
		assert.match(gone.stderr, /code: {2}STORE_UNREACHABLE/);
		assert.match((await migrate("sqlite:")).stderr, /it is there/);

		assert.equal((await migrate(etcd.url)).code, 0);
		const id = lab.weft("host2", "network", "inspect", "--format", "{{.id}}", "blue");
		etcd.ctl("put", `weft/networks/${id}`, '{"half');
		etcd.ctl("del", "weft/names/network/green");
		const found = lab.run("host3", "weft", "store", "check", "--format", "json");
		assert.equal(found.code, 1);
		assert.deepEqual(
			found.stdout
				.trim()
				.split("\n")
				.map((line) => (JSON.parse(line) as { code: string }).code),
			["RECORD_UNREADABLE", "NETWORK_NAME_MISSING"],
		);
		assert.equal(lab.run("host3", "weft", "store", "check", "--repair").code, 0);
		assert.match(lab.run("host1", "weft", "store", "check").stderr, /: sound$/m);
		assert.equal(lab.weft("host1", "network", "ls", "--format", "{{.Name}}"), "green");
	}),
);

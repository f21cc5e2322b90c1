import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { withLab } from "./with-lab.ts";

const hosts = ["host1", "host2", "host3"];

test(
	"12 containers on 3 hosts reach each other by name, and the world",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab("pairs", 3, (lab) => {
			lab.weft("host2", "network", "create", "blue");
			lab.weft("host3", "network", "create", "--internal", "closed");
			const all = hosts.flatMap((host) => [1, 2, 3, 4].map((n) => ({ host, name: `${host}-c${n}` })));
			for (const { host, name } of all) lab.sleeper(host, name, "blue");
			for (const { host, name } of all) {
				const others = all.map((other) => other.name);
				const script = others.map((other) => `ping -c 1 -W 1 ${other} >/dev/null || echo ${other}`).join("; ");
				assert.equal(lab.weft(host, "exec", name, "sh", "-c", script), "", `${name} does not reach all`);
				assert.ok(lab.pings(host, name, "203.0.113.10"), `${name} does not reach the world`);
			}

			lab.weft("host1", "network", "disconnect", "blue", "host1-c1");
			assert.ok(!lab.pings("host2", "host2-c1", "host1-c1"));
			lab.weft("host1", "network", "connect", "--alias", "back", "blue", "host1-c1");
			assert.ok(lab.pings("host2", "host2-c1", "back"));
			assert.ok(lab.pings("host1", "host1-c1", "host3-c4"));

			for (const host of ["host1", "host2"]) lab.sleeper(host, `${host}-closed`, "closed");
			assert.ok(lab.pings("host1", "host1-closed", "host2-closed"));
			assert.ok(!lab.pings("host1", "host1-closed", "203.0.113.10"), "--internal has a way out");
			assert.equal(lab.run("host1", "weft", "exec", "host1-closed", "ip", "route").stdout.includes("default"), false);
		}),
);

import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { withLab } from "./with-lab.ts";

test(
	"an attacker who is root in a container reaches nothing that is not his",
	{ skip: needs("root", "runc", "conmon", "ping") },
	() =>
		withLab("attack", 2, (lab) => {
			lab.weft("host1", "network", "create", "red");
			lab.weft("host1", "network", "create", "blue");
			lab.sleeper("host1", "mallory", "red");
			lab.sleeper("host1", "friend", "red");
			lab.sleeper("host1", "victim", "blue");
			lab.sleeper("host2", "far", "blue");
			const attack = (...argv: readonly string[]) => lab.attack("host1", "mallory", ...argv);
			const reaches = (address: string, ...flags: readonly string[]) =>
				attack("ping", "-c", "1", "-W", "1", ...flags, address).code === 0;
			assert.ok(reaches("10.0.0.3"), "the honest do not pass");

			// The other network's gateway address, by way of the host, from one side and with the other's help.
			attack("ip", "route", "add", "10.0.1.0/24", "via", "172.18.0.1");
			assert.ok(!reaches("10.0.1.2"), "a route to the other network");
			assert.ok(!reaches("172.18.0.4"), "the victim's address on the gateway bridge");
			attack("ip", "route", "add", "172.18.0.4/32", "via", "172.18.0.1");
			lab.attack("host1", "victim", "ip", "route", "add", "172.18.0.2/32", "via", "172.18.0.1");
			assert.ok(!reaches("172.18.0.4"), "both sides route by way of the host");

			// The host's own addresses.
			for (const address of ["172.18.0.1", "192.168.56.101"]) assert.ok(!reaches(address), `the host at ${address}`);

			// Another's address, in IP and in ARP.
			attack("ip", "address", "add", "10.0.0.77/24", "dev", "eth0");
			assert.ok(!reaches("10.0.0.3", "-I", "10.0.0.77"), "a foreign source address");
			const friendSees = () => lab.attack("host1", "friend", "ip", "neigh", "show", "10.0.0.77").stdout;
			assert.ok(!friendSees().includes("lladdr"), friendSees());
			attack("ip", "address", "del", "10.0.0.77/24", "dev", "eth0");

			// Another's MAC.
			attack("ip", "link", "set", "eth0", "address", "02:42:0a:00:00:03");
			assert.ok(!reaches("10.0.0.3"), "a forged MAC");
			attack("ip", "link", "set", "eth0", "address", "02:42:0a:00:00:02");
			assert.ok(reaches("10.0.0.3"), "the honest do not pass any more");
			assert.ok(lab.pings("host1", "victim", "far"), "the victims were disturbed");

			// Names of networks that he is not in.
			assert.notEqual(lab.run("host1", "weft", "exec", "mallory", "nslookup", "victim").code, 0);
		}),
);

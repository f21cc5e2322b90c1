import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { underlay } from "../../src/lab/names.ts";
import { needs } from "../needs.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

/** What a DHCP client does when its lease could not be renewed: the address goes, and later there is another. */
async function readdress(lab: TestLab, host: string, from: string, to: string, awayMs: number): Promise<void> {
	lab.lab.exec(host, ["ip", "address", "del", `${from}/24`, "dev", "eth0"]);
	await sleep(awayMs);
	lab.lab.exec(host, ["ip", "address", "add", `${to}/24`, "dev", "eth0"]);
	lab.lab.exec(host, ["ip", "route", "replace", "default", "via", underlay.router]);
}

test(
	"a host that gets another address keeps its containers and their networks",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab("readdr", 3, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			for (const n of [1, 2, 3]) lab.sleeper(`host${n}`, `c${n}`, "blue");
			assert.ok(lab.pings("host1", "c1", "c3") && lab.pings("host3", "c3", "c2"));
			const pid = lab.weft("host3", "inspect", "--format", "{{.pid}}", "c3");

			await readdress(lab, "host3", "192.168.56.103", "192.168.56.113", 1_500);
			const took = await eventually("host1 and host2 follow", 2_000, () =>
				["host1", "host2"].every((host) => {
					const fdb = lab.run(host, "bridge", "-n", lab.overlay("blue"), "fdb").stdout;
					return fdb.includes("dst 192.168.56.113") && !fdb.includes("dst 192.168.56.103");
				}),
			);
			assert.ok(took < 2_000);
			assert.ok(lab.pings("host1", "c1", "c3") && lab.pings("host3", "c3", "c2"));
			assert.equal(lab.weft("host3", "inspect", "--format", "{{.pid}}", "c3"), pid);
			assert.match(lab.weft("host1", "hosts"), /host3 +.*192\.168\.56\.113/);
			assert.match(lab.lab.exec("host1", ["nft", "list", "set", "inet", "weft", "vteps"]), /192\.168\.56\.113/);

			// An agent that starts while there is no address waits for it; a launch remembers the interface.
			process.kill(lab.agentPid("host3"), "SIGKILL");
			await readdress(lab, "host3", "192.168.56.113", "192.168.56.123", 0);
			lab.weft("host3", "launch");
			await eventually("the others follow again", 3_000, () => lab.pings("host1", "c1", "c3"));
			assert.match(lab.weft("host3", "status"), /192\.168\.56\.123/);

			// The host of the store: the others are told where that is now.
			await readdress(lab, "host1", "192.168.56.101", "192.168.56.111", 500);
			await eventually("the others follow the store's host", 4_000, () => lab.pings("host2", "c2", "c1"));
			for (const host of ["host2", "host3"])
				await eventually(`${host} reaches the store`, 5_000, () =>
					/weft:\/\/192\.168\.56\.111:4790 \(connected\)|192\.168\.56\.111:4790.*connected/.test(
						lab.run(host, "weft", "status").stdout,
					),
				);
			lab.weft("host3", "network", "create", "green");
			lab.sleeper("host2", "late", "blue");
			assert.ok(lab.pings("host1", "c1", "late"));
		}),
);

test("an underlay whose MTU shrinks takes the overlay along", { skip: needs("root", "runc", "conmon") }, () =>
	withLab("mtu", 2, async (lab) => {
		lab.weft("host1", "network", "create", "blue");
		for (const n of [1, 2]) lab.sleeper(`host${n}`, `c${n}`, "blue");
		const mtu = (host: string, dev: string) =>
			/mtu (\d+)/.exec(lab.run(host, "ip", "-n", lab.overlay("blue"), "link", "show", dev).stdout)?.[1];
		assert.equal(mtu("host1", "br0"), "1450");
		lab.lab.exec("host2", ["ip", "link", "set", "eth0", "mtu", "1400"]);
		for (const host of ["host1", "host2"])
			for (const dev of ["br0", "vxlan1", "veth0"])
				await eventually(`${dev} of ${host} follows`, 5_000, () => mtu(host, dev) === "1350");
		const inside = lab.attack("host1", "c1", "ip", "link", "show", "eth0").stdout;
		assert.match(inside, /mtu 1350/);
		assert.equal(lab.attack("host1", "c1", "ping", "-c", "1", "-W", "1", "-M", "do", "-s", "1322", "10.0.0.3").code, 0);
	}),
);

import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, withLab } from "./with-lab.ts";

/** Lease and grace, the moment in which other leases could end too, and a busy machine. */
const goneWithinMs = 20_000;

test(
	"a host that was taken for dead and comes back has its containers in their places, or says loudly what it lost",
	{ skip: needs("root", "runc", "conmon") },
	() =>
		withLab(
			"back",
			3,
			async (lab) => {
				for (const network of ["blue", "red", "green"]) lab.weft("host1", "network", "create", network);
				lab.sleeper("host1", "c1", "blue", "green");
				const networksOf: Readonly<Record<string, readonly string[]>> = {
					kept: ["blue", "green"],
					moved: ["blue"],
					named: ["blue"],
					homeless: ["red", "blue"],
					forced: ["blue"],
				};
				for (const [name, networks] of Object.entries(networksOf)) lab.sleeper("host3", name, ...networks);
				const before = lab.members("blue");
				assert.equal(before.length, 6);
				const addressIn = (name: string) => before.find((line) => line.startsWith(`${name} `))?.split(/[ /]/)[1] ?? "";

				// Shorter than the grace: nothing is lost.
				lab.lab.partition("host1", "host3");
				lab.lab.partition("host2", "host3");
				await eventually("it is unreachable", goneWithinMs, () => lab.stateOf("host3") === "unreachable");
				lab.weft("host1", "network", "disconnect", "--force", "blue", "forced");
				lab.lab.heal();
				await eventually("it is back", goneWithinMs, () => lab.stateOf("host3") === "alive");
				const left = before.filter((line) => !line.startsWith("forced"));
				assert.deepEqual(lab.members("blue"), left);
				await eventually("what was taken out by force stays out", 5_000, () => {
					const { networks } = lab.inspect("host3", "forced");
					return Object.keys(networks).length === 0;
				});
				assert.ok(lab.pings("host1", "c1", "kept"));

				// Longer: all is reclaimed, and some of it is somebody else's when the host is back.
				const { events, stop } = await lab.listen("host3");
				lab.lab.partition("host1", "host3");
				lab.lab.partition("host2", "host3");
				await eventually("it is gone", goneWithinMs, () => lab.stateOf("host3") === "gone");
				lab.weft("host1", "network", "rm", "red");
				lab.background("host2", "taker", "--network", "blue", "--ip", addressIn("moved"), "--", "sleep", "1d");
				lab.sleeper("host2", "named", "blue");
				lab.lab.heal();
				await eventually("all that can be is back", goneWithinMs, () =>
					["kept", "moved", "homeless"].every((name) => lab.members("blue").join().includes(`${name} `)),
				);
				const after = lab.members("blue");
				for (const name of ["kept", "homeless"])
					assert.ok(after.includes(`${name} ${addressIn(name)}/24`), `${name} has another address: ${after.join()}`);
				assert.ok(after.includes(`taker ${addressIn("moved")}/24`));
				assert.equal(after.filter((line) => line.startsWith("named ")).length, 1);

				const moved = lab.inspect("host3", "moved").networks["blue"];
				assert.ok(moved !== undefined && moved.ipAddress !== addressIn("moved"));
				const inside = (...argv: readonly string[]) => lab.run("host3", "weft", "exec", "moved", ...argv).stdout;
				await eventually("the running container has its new address", 5_000, () =>
					inside("ip", "addr", "show", "eth0").includes(`inet ${moved.ipAddress}/24`),
				);
				assert.match(inside("ip", "link", "show", "eth0"), new RegExp(moved.macAddress));
				assert.match(inside("cat", "/etc/hosts"), new RegExp(`^${moved.ipAddress}\t.*moved`, "m"));
				assert.doesNotMatch(inside("cat", "/etc/hosts"), new RegExp(`^${addressIn("moved")}\t`, "m"));
				assert.match(inside("ip", "route"), /^default via 172\.\d+\.0\.1 dev eth1/m);
				for (const name of ["kept", "moved", "homeless", "taker"])
					assert.ok(lab.pings("host1", "c1", name), `c1 does not reach ${name}`);
				assert.ok(lab.pings("host3", "moved", "c1"));

				const { code, stdout } = lab.run("host3", "weft", "status");
				assert.equal(code, 1);
				assert.match(stdout, /Cannot give "moved" its address 10\.0\.0\.\d+ in network "blue" back/);
				assert.match(stdout, /Cannot bring "named" back into network "blue": a container of that name is in it/);
				assert.match(stdout, /Cannot bring "homeless" back into network "red"/);
				const told = () => events.map(({ action, name }) => `${action} ${name}`);
				for (const one of ["rejoin kept", "rejoin moved", "lose named", "lose homeless"])
					await eventually(`it is told: ${one}`, 2_000, () => told().includes(one));
				stop();

				// The name is free again: what stayed out comes in.
				lab.weft("host2", "rm", "-f", "named");
				await eventually("it comes in by itself", 5_000, () => lab.members("blue").join().includes("named "));
				assert.doesNotMatch(lab.run("host3", "weft", "status").stdout, /"named"/);
			},
			["--lease", "2s", "--grace", "5s"],
		),
);

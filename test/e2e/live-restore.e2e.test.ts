import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, withLab } from "./with-lab.ts";

test(
	"the agents die and come back, and not one packet is lost",
	{ skip: needs("root", "runc", "conmon", "ping") },
	() =>
		withLab("alive", 2, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			lab.sleeper("host1", "one", "blue");
			lab.sleeper("host2", "two", "blue");
			assert.ok(lab.pings("host2", "two", "one"));

			const ping = lab.inNetns("host2", "two", ["ping", "-q", "-i", "0.001", "-w", "8", "10.0.0.2"]);
			let said = "";
			ping.stdout?.on("data", (chunk) => {
				said += String(chunk);
			});
			for (const host of ["host1", "host2"]) {
				process.kill(lab.agentPid(host), "SIGKILL");
				const name = host === "host1" ? "one" : "two";
				const other = host === "host1" ? "two" : "one";
				// The agent is away: runc itself runs the command.
				const [id = ""] = lab.lab.exec(host, ["runc", "--root", "/run/weft/runc", "list", "-q"]).split("\n");
				assert.match(
					lab.lab.exec(host, ["runc", "--root", "/run/weft/runc", "exec", id, "nslookup", other]),
					/10\.0\.0\.[23]/,
					`${name} asks in vain`,
				);
				lab.weft(host, "launch");
			}
			await once(ping, "exit");
			assert.match(said, / 0% packet loss/, said);
			assert.equal(Number(/(\d+) packets transmitted/.exec(said)?.[1]), Number(/(\d+) received/.exec(said)?.[1]), said);
		}),
);

test(
	"what somebody took out of the kernel is back within a second",
	{ skip: needs("root", "runc", "conmon", "nft") },
	() =>
		withLab("drift", 2, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			lab.sleeper("host1", "one", "blue");
			lab.sleeper("host2", "two", "blue");
			assert.ok(lab.pings("host2", "two", "one"));
			const ns = lab.overlay("blue");
			const damages: readonly (readonly [string, readonly string[], readonly string[], RegExp])[] = [
				[
					"a deleted vxlan1",
					["ip", "-n", ns, "link", "del", "vxlan1"],
					["bridge", "-n", ns, "fdb"],
					/dst 192\.168\.56\.102/,
				],
				[
					"a removed FDB entry",
					["bridge", "-n", ns, "fdb", "del", "02:42:0a:00:00:03", "dev", "vxlan1", "dst", "192.168.56.102", "self"],
					["bridge", "-n", ns, "fdb"],
					/dst 192\.168\.56\.102/,
				],
				[
					"a removed neighbour",
					["ip", "-n", ns, "neigh", "flush", "dev", "vxlan1", "nud", "permanent"],
					["ip", "-n", ns, "neigh"],
					/10\.0\.0\.3/,
				],
				[
					"a flushed table",
					["nft", "flush", "table", "inet", "weft"],
					["nft", "list", "table", "inet", "weft"],
					/masquerade/,
				],
				[
					"a deleted table",
					["nsenter", `--net=/run/netns/${ns}`, "nft", "delete", "table", "bridge", "weft"],
					["nsenter", `--net=/run/netns/${ns}`, "nft", "list", "ruleset"],
					/veth0/,
				],
				[
					"a link that is down",
					["ip", "-n", ns, "link", "set", "br0", "down"],
					["ip", "-n", ns, "-br", "link"],
					/br0 .*[<,]UP[,>]/,
				],
				["a deleted namespace", ["ip", "netns", "del", ns], ["bridge", "-n", ns, "fdb"], /dst 192\.168\.56\.102/],
			];
			for (const [what, damage, look, wanted] of damages) {
				assert.equal(lab.run("host1", ...damage).code, 0, what);
				await eventually(`${what} is mended`, 1_000, () => wanted.test(lab.run("host1", ...look).stdout));
				await eventually(`traffic goes on after ${what}`, 3_000, () => lab.pings("host2", "two", "one"));
			}
		}),
);

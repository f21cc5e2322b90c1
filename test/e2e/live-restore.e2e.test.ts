import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

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

/** What somebody may do, and what of weft's own is then to be seen again, by a look and in the event that tells of it. */
interface Damage {
	readonly what: string;
	readonly done: readonly string[];
	readonly look: readonly string[];
	readonly wanted: RegExp;
	readonly told: RegExp;
}

function damagesOf(ns: string): Damage[] {
	const inNs = ["nsenter", `--net=/run/netns/${ns}`];
	const fdb = ["bridge", "-n", ns, "fdb"];
	const remote = /dst 192\.168\.56\.102/;
	return [
		{
			what: "a deleted vxlan1",
			done: ["ip", "-n", ns, "link", "del", "vxlan1"],
			look: fdb,
			wanted: remote,
			told: /^ip link add vxlan1 .*\n.*^bridge -n \S+ fdb replace 02:42:0a:00:00:03/ms,
		},
		{
			what: "a removed FDB entry",
			done: [...fdb, "del", "02:42:0a:00:00:03", "dev", "vxlan1", "dst", "192.168.56.102", "self"],
			look: fdb,
			wanted: remote,
			told: /^bridge -n \S+ fdb replace 02:42:0a:00:00:03 dev vxlan1 dst 192\.168\.56\.102 self permanent$/,
		},
		{
			what: "a removed neighbour",
			done: ["ip", "-n", ns, "neigh", "flush", "dev", "vxlan1", "nud", "permanent"],
			look: ["ip", "-n", ns, "neigh"],
			wanted: /10\.0\.0\.3/,
			told: /^ip -n \S+ neigh replace 10\.0\.0\.3 /,
		},
		{
			what: "a flushed table",
			done: ["nft", "flush", "table", "inet", "weft"],
			look: ["nft", "list", "table", "inet", "weft"],
			wanted: /masquerade/,
			told: /nft add table inet weft/,
		},
		{
			what: "a deleted table",
			done: [...inNs, "nft", "delete", "table", "bridge", "weft"],
			look: [...inNs, "nft", "list", "ruleset"],
			wanted: /veth0/,
			told: /nft add element bridge weft addresses/,
		},
		{
			what: "a link that is down",
			done: ["ip", "-n", ns, "link", "set", "br0", "down"],
			look: ["ip", "-n", ns, "-br", "link"],
			wanted: /br0 .*[<,]UP[,>]/,
			told: /^ip -n \S+ link set br0 up$/,
		},
		{
			what: "a deleted namespace",
			done: ["ip", "netns", "del", ns],
			look: fdb,
			wanted: remote,
			told: /^ip netns add /,
		},
	];
}

/** @returns How many operations an agent had to mend. */
function mended(lab: TestLab): number {
	const { stdout } = lab.run("host1", "weft", "status", "--format", "json");
	return (JSON.parse(stdout) as { kernel: { mended: number } }).kernel.mended;
}

test(
	"what somebody took out of the kernel is back within a second, and told of",
	{
		skip: needs("root", "runc", "conmon", "nft"),
	},
	() =>
		withLab("drift", 2, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			lab.sleeper("host1", "one", "blue");
			lab.sleeper("host2", "two", "blue");
			assert.ok(lab.pings("host2", "two", "one"));
			const { events, stop } = await lab.listen("host1");
			assert.equal(mended(lab), 0, "nobody has touched anything");
			for (const { what, done, look, wanted, told } of damagesOf(lab.overlay("blue"))) {
				events.length = 0;
				const before = mended(lab);
				assert.equal(lab.run("host1", ...done).code, 0, what);
				await eventually(`${what} is mended`, 1_000, () => wanted.test(lab.run("host1", ...look).stdout));
				await eventually(`traffic goes on after ${what}`, 3_000, () => lab.pings("host2", "two", "one"));
				const mendings = () => events.filter(({ type, action }) => type === "kernel" && action === "mend");
				const tells = () => mendings().some(({ attributes }) => told.test(attributes["commands"] ?? ""));
				await eventually(`${what} is told of`, 1_000, tells);
				const operations = () => mendings().reduce((sum, { attributes }) => sum + Number(attributes["operations"]), 0);
				await eventually(`all is counted after ${what}`, 1_000, () => mended(lab) === before + operations());
			}
			stop();
		}),
);

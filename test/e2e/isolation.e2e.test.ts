import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { labNetns } from "../../src/lab/names.ts";
import { needs } from "../needs.ts";
import { eventually, withLab } from "./with-lab.ts";

/** tcpdump ends after what it has captured, and this process has to hear of it. */
const captureMs = 1_000;

test(
	"an attacker who is root in a container reaches nothing that is not his",
	{ skip: needs("root", "runc", "conmon", "ping", "dig") },
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

			// Names of networks that he is not in; and another's name server, which would answer him.
			const asks = (name: string) => attack("dig", "+time=1", "+tries=1", "+short", "@127.0.0.11", name).stdout.trim();
			assert.equal(asks("friend"), "10.0.0.3");
			assert.equal(asks("victim"), "");
			attack("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1");
			attack("ip", "route", "del", "table", "local", "local", "127.0.0.0/8");
			attack("ip", "route", "del", "table", "local", "local", "127.0.0.1");
			attack("ip", "route", "add", "127.0.0.11/32", "via", "10.0.0.3", "dev", "eth0");
			assert.match(attack("ip", "route", "get", "127.0.0.11").stdout, /via 10\.0\.0\.3 dev eth0/);
			assert.doesNotMatch(asks("friend"), /10\.0\.0\.3/, "another's 127.0.0.11");
		}),
);

test(
	"a machine on the underlay that is no member cannot send into a network",
	{ skip: needs("root", "runc", "conmon", "tcpdump") },
	() =>
		withLab("stranger", 2, async (lab) => {
			lab.weft("host1", "network", "create", "blue");
			lab.sleeper("host1", "victim", "blue");
			lab.sleeper("host2", "far", "blue");
			const stranger = (...argv: readonly string[]) =>
				spawnSync("nsenter", [`--net=/run/netns/${labNetns("stranger").underlay}`, ...argv], { encoding: "utf8" });
			// As much as he can know: the VNI, and who is where.
			const vxlan = "link add vx type vxlan id 256 dstport 4789 remote 192.168.56.101 local 192.168.56.1";
			for (const command of [
				vxlan,
				"link set vx address 02:42:0a:00:00:03 up",
				"address add 10.0.0.3/24 dev vx",
				"neigh add 10.0.0.2 lladdr 02:42:0a:00:00:02 dev vx",
			])
				assert.equal(stranger("ip", ...command.split(" ")).status, 0, command);

			const sniffer = lab.inNetns("host1", "victim", [
				"tcpdump",
				"-c",
				"1",
				"-n",
				"-i",
				"eth0",
				"icmp and src 10.0.0.3",
			]);
			let said = "";
			sniffer.stderr?.on("data", (chunk) => {
				said += String(chunk);
			});
			await eventually("tcpdump listens", 5_000, () => said.includes("listening on"));
			assert.notEqual(stranger("ping", "-c", "3", "-i", "0.2", "-W", "1", "10.0.0.2").status, 0);
			await sleep(captureMs);
			assert.equal(sniffer.exitCode, null, "the stranger's frames came in");
			const seen = once(sniffer, "exit");
			assert.ok(lab.pings("host2", "far", "victim"), "the member's frames do not come in");
			await seen;
		}),
);

/** A container of another program, behind a bridge that the host masquerades as Docker does. */
const other = `
ip netns add other
ip link add other0 type veth peer name eth0 netns other
ip address add 172.30.0.1/24 dev other0
ip link set other0 up
ip -n other address add 172.30.0.2/24 dev eth0
ip -n other link set eth0 up
ip -n other route add default via 172.30.0.1
nft add table ip other
nft add chain ip other postrouting '{ type nat hook postrouting priority 100; }'
nft add rule ip other postrouting ip saddr 172.30.0.0/24 oifname eth0 masquerade
`;

test(
	"a container cannot send into another network by way of the member that masquerades it",
	{ skip: needs("root", "runc", "conmon", "tcpdump", "nft") },
	() =>
		withLab("tunnel", 2, async (lab) => {
			lab.weft("host1", "network", "create", "red");
			lab.weft("host1", "network", "create", "blue");
			lab.sleeper("host1", "mallory", "red");
			lab.sleeper("host1", "victim", "blue");
			lab.sleeper("host2", "far", "blue");
			assert.ok(lab.pings("host1", "victim", "far"));
			const vni = lab.weft("host1", "network", "inspect", "--format", "{{.vni}}", "blue");
			assert.equal(lab.run("host1", "sh", "-ec", other).code, 0);
			const sniffer = lab.inNetns("host2", "far", ["tcpdump", "-c", "1", "-n", "-i", "eth0", "icmp and src 10.0.1.2"]);
			let said = "";
			sniffer.stderr?.on("data", (chunk) => {
				said += String(chunk);
			});
			await eventually("tcpdump listens", 5_000, () => said.includes("listening on"));

			for (const [who, netns] of [
				["weft's", lab.netns("host1", "mallory")],
				["another program's", "/run/netns/other"],
			] as const) {
				const attack = (...argv: readonly string[]) => lab.run("host1", "nsenter", `--net=${netns}`, ...argv);
				assert.equal(attack("ping", "-c", "1", "-W", "2", "192.168.56.102").code, 0, `${who} has no way out at all`);
				// No rights are needed for it: what it makes are datagrams.
				for (const command of [
					`link add vx type vxlan id ${vni} dstport 4789 remote 192.168.56.102`,
					"link set vx address 02:42:0a:00:01:02 up",
					"address add 10.0.1.2/24 dev vx",
					"neigh add 10.0.1.3 lladdr 02:42:0a:00:01:03 dev vx",
				])
					assert.equal(attack("ip", ...command.split(" ")).code, 0, command);
				attack("ping", "-c", "3", "-i", "0.2", "-W", "1", "10.0.1.3");
				await sleep(captureMs);
				assert.equal(sniffer.exitCode, null, `frames of ${who} came in`);
			}
			const seen = once(sniffer, "exit");
			assert.ok(lab.pings("host1", "victim", "far"), "the member's frames do not come in");
			await seen;
		}),
);

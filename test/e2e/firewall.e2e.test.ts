import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, type TestLab, withLab } from "./with-lab.ts";

const world = "203.0.113.10";
const skip = needs("root", "runc", "conmon", "ping", "nft", "iptables");

/** As Docker 20.10 leaves the table behind, with a bridge and a container of its own. */
const docker = `
ip link add docker0 type bridge
ip address add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip netns add dock
ip link add veth-dock type veth peer name eth0 netns dock
ip link set veth-dock master docker0 up
ip -n dock address add 172.17.0.2/16 dev eth0
ip -n dock link set eth0 up
ip -n dock route add default via 172.17.0.1
iptables -P FORWARD DROP
for chain in DOCKER DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2 DOCKER-USER; do iptables -N $chain; done
iptables -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
iptables -A DOCKER-ISOLATION-STAGE-1 -j RETURN
iptables -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
iptables -A DOCKER-ISOLATION-STAGE-2 -j RETURN
iptables -A DOCKER-USER -j RETURN
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -j DOCKER-ISOLATION-STAGE-1
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -A FORWARD -i docker0 -o docker0 -j ACCEPT
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
`;

/** Drops by policy, in a table of its own. */
const strict = `table inet filter {
	chain forward { type filter hook forward priority filter; policy drop; tcp dport 22 accept; }
}`;

/** Drops by its last rule, in a table of its own, after many others. */
const zones = `table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		iifname "lo" accept
		jump policies
		reject with icmpx admin-prohibited
	}
	chain policies { iifname "eth9" accept; }
}`;

function sh(lab: TestLab, script: string): string {
	const { code, stdout, stderr } = lab.run("host1", "sh", "-ec", script);
	assert.equal(code, 0, `${script}\n${stderr}`);
	return stdout;
}

function nft(lab: TestLab, script: string): void {
	sh(lab, `nft -f - <<'END'\n${script}\nEND`);
}

interface Problem {
	readonly code: string;
	readonly message: string;
	readonly fix: string;
}

/** @returns The problems that `weft status` tells of. */
function problems(lab: TestLab): readonly Problem[] {
	const { stdout } = lab.run("host1", "weft", "status", "--format", "json");
	return (JSON.parse(stdout) as { problems: readonly Problem[] }).problems;
}

/** Runs a command in the network namespace of the container `one`. */
type InOne = (...argv: readonly string[]) => string;

/** @returns Those of `addresses` that answer one ping. */
function reached(inOne: InOne, ...addresses: readonly string[]): string[] {
	const pings = addresses.map((to) => `(ping -q -c 1 -W 0.5 ${to} >/dev/null && echo ${to}) &`);
	return inOne("sh", "-c", `${pings.join(" ")} wait`)
		.split("\n")
		.filter(Boolean);
}

/** iptables reads all of its tables, weft's rules among them. @returns How many of these it sees. */
function readByIptables(lab: TestLab): number {
	const { stdout, stderr } = lab.run(
		"host1",
		"sh",
		"-ec",
		"iptables -S; iptables -t nat -S; iptables-save; ip6tables-save",
	);
	assert.doesNotMatch(stdout + stderr, /incompatible|rror/);
	return /-P FORWARD DROP/.test(stdout) ? (sh(lab, "iptables -S").match(/weft:/g)?.length ?? 0) : 0;
}

test("containers reach the world through firewalls, and nothing else by them", { skip }, (t) =>
	withLab("wall", 1, async (lab) => {
		for (const network of ["blue", "green"]) lab.weft("host1", "network", "create", network);
		lab.sleeper("host1", "one", "blue");
		lab.sleeper("host1", "two", "green");
		const netns = lab.netns("host1", "one");
		const inOne: InOne = (...argv) => lab.run("host1", "nsenter", `--net=${netns}`, ...argv).stdout;
		const reachesWorld = () => reached(inOne, world).length > 0;
		/** The world is reached; `two`, in another network of this host, is not, nor are `others`. */
		const assertSound = async (when: string, ...others: readonly string[]) => {
			await eventually(`the world is reached ${when}`, 3_000, reachesWorld);
			assert.deepEqual(reached(inOne, "172.18.0.3", "10.0.1.2", ...others), [], when);
			assert.deepEqual(problems(lab), [], when);
		};
		await assertSound("without a firewall");
		await t.test("Docker's table", () => dockerTable(lab, reachesWorld, assertSound));
		await t.test("tables of their own", () => ownTables(lab, reachesWorld, assertSound));
	}),
);

type AssertSound = (when: string, ...others: readonly string[]) => Promise<void>;

async function dockerTable(lab: TestLab, reachesWorld: () => boolean, assertSound: AssertSound): Promise<void> {
	const others = "172.17.0.2";
	sh(lab, docker);
	await assertSound("after Docker came", others);
	assert.equal(readByIptables(lab), 2);
	assert.match(sh(lab, "iptables -S DOCKER-USER"), /-i weft_gwbridge -o eth0 .*-j ACCEPT/);

	process.kill(lab.agentPid("host1"), "SIGKILL");
	sh(lab, "iptables -F DOCKER-USER");
	assert.ok(!reachesWorld(), "Docker's policy drops nothing");
	lab.weft("host1", "launch");
	await assertSound("after Docker was there first", others);

	const saved = "/run/weft/saved-by-iptables";
	const removals: readonly (readonly [string, string])[] = [
		["iptables saved and restored", `iptables-save >${saved}; iptables-restore <${saved}`],
		["iptables restored without weft's rules", `grep -v weft: ${saved} | iptables-restore`],
		["Docker's chain was flushed", "iptables -F DOCKER-USER"],
		["all rules were flushed, Docker's jumps too", "iptables -F"],
	];
	for (const [what, script] of removals) {
		sh(lab, script);
		await assertSound(`after ${what}`, others);
		assert.equal(readByIptables(lab), 2, what);
	}
	sh(lab, "nft flush ruleset");
	await assertSound("after all of nft was flushed");
	sh(lab, "iptables -P FORWARD DROP");
	await assertSound("after the policy came back", others);
}

async function ownTables(lab: TestLab, reachesWorld: () => boolean, assertSound: AssertSound): Promise<void> {
	nft(lab, `flush ruleset\n${strict}`);
	await assertSound("through a policy of drop");
	nft(lab, `flush ruleset\n${strict}\n${zones}`);
	await assertSound("after a reload, and through zones that end in a reject");
	nft(lab, `delete table inet firewalld\n${zones}`);
	await assertSound("after the zones were loaded again");

	const owner = lab.lab.spawn("host1", ["nft", "-i"], ["pipe", "ignore", "ignore"]);
	owner.stdin?.write("add table inet guarded { flags owner; }\n");
	owner.stdin?.write("add chain inet guarded f { type filter hook forward priority 0; policy drop; }\n");
	await eventually("status names the chain", 3_000, () => problems(lab).length > 0);
	const [problem] = problems(lab);
	assert.equal(problem?.code, "FORWARD_DROPPED");
	assert.match(problem.message, /chain f of table inet guarded/);
	const out = 'iifname "weft_gwbridge" oifname { eth0 } accept';
	const back = 'oifname "weft_gwbridge" accept';
	assert.ok(problem.fix.endsWith(` add to f: ${out}; ${back}`), problem.fix);
	assert.ok(!reachesWorld());
	owner.stdin?.write(`add rule inet guarded f ${out}\nadd rule inet guarded f ${back}\n`);
	await eventually("the fix is one", 3_000, reachesWorld);
	owner.stdin?.end("delete table inet guarded\n");
	await once(owner, "exit");
	await eventually("the problem is over", 3_000, () => problems(lab).length === 0);
	await assertSound("after the owner has gone");
}

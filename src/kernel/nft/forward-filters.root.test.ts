import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";
import { needs } from "../../../test/needs.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "../netlink/socket.ts";
import { createNetns, deleteNetns } from "../netns.ts";
import { applyNft } from "./apply.ts";
import { forwardFilters } from "./forward-filters.ts";
import { observeNft } from "./observe.ts";
import { dockerTable, foreignRule, rule } from "./testdata/tables.ts";

const skip = needs("root", "nft", "iptables");
const ns = `wt-${process.pid}-ff`;
let socket: NetlinkSocket;

before(() => {
	if (skip !== false) return;
	createNetns(ns);
	socket = NetlinkSocket.open(ns, NETLINK_NETFILTER);
});

after(() => {
	if (skip !== false) return;
	socket.close();
	deleteNetns(ns);
});

beforeEach(() => {
	if (skip === false) run("nft", "flush ruleset");
});

function run(...argv: readonly string[]): string {
	return execFileSync("nsenter", [`--net=/run/netns/${ns}`, ...argv], { encoding: "utf8" });
}

/** A table with one chain in the forward hook. */
function firewall(name: string, policy: string, ...rules: readonly string[]): void {
	const hook = `type filter hook forward priority 10; policy ${policy};`;
	run("nft", `table inet ${name} { chain f { ${hook} ${rules.join("; ")}; }; }`);
}

function named(): string[] {
	return forwardFilters(socket).map(
		({ family, table, chain, owned }) => `${family} ${table} ${chain}${owned ? " owned" : ""}`,
	);
}

test("forwardFilters() names the chains that drop all that they do not accept", { skip }, () => {
	assert.deepEqual(named(), []);
	run("nft", dockerTable);
	firewall("strict", "drop", "tcp dport 22 accept");
	firewall("open", "accept", "tcp dport 22 drop");
	firewall("dropping", "accept", "tcp dport 22 accept", "counter drop");
	firewall("rejecting", "accept", "reject with icmpx admin-prohibited");
	firewall("weft", "drop");
	firewall("dormant", "drop");
	run("nft", "add table inet dormant { flags dormant; }");
	assert.deepEqual(named(), ["ip filter DOCKER-USER", "inet strict f", "inet dropping f", "inet rejecting f"]);
});

test("forwardFilters() names Docker's chain for others only where Docker asks in it", { skip }, () => {
	run("iptables", "-P", "FORWARD", "DROP");
	run("iptables", "-N", "DOCKER-USER");
	assert.deepEqual(named(), ["ip filter FORWARD"]);
	run("iptables", "-A", "FORWARD", "-j", "DOCKER-USER");
	assert.deepEqual(named(), ["ip filter DOCKER-USER"]);
	run("iptables", "-F");
	run("iptables", "-P", "FORWARD", "ACCEPT");
	assert.deepEqual(named(), []);
	run("iptables", "-A", "FORWARD", "-m", "comment", "--comment", "no more", "-j", "REJECT");
	assert.deepEqual(named(), ["ip filter FORWARD"]);
});

test("forwardFilters() tells a table that its owner alone may write into", { skip }, async () => {
	const owner = spawn("nsenter", [`--net=/run/netns/${ns}`, "nft", "-i"], { stdio: ["pipe", "ignore", "inherit"] });
	owner.stdin.write("add table inet mine { flags owner; }\n");
	owner.stdin.write("add chain inet mine f { type filter hook forward priority 0; policy drop; }\n");
	const deadline = Date.now() + 2_000;
	while (named().length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
	assert.deepEqual(named(), ["inet mine f owned"]);
	const accept = foreignRule(ns, "weft: all", rule({ verdict: "accept" }));
	const [result] = applyNft(socket, [
		{ verb: "add", resource: { ...accept, family: "inet", table: "mine", chain: "f" } },
	]);
	assert.equal(result?.errno, "EPERM");
	owner.stdin.end();
	await once(owner, "exit");
});

test("observeNft() knows weft's rules when iptables has restored what it saved", { skip }, () => {
	run("nft", dockerTable);
	const accept = foreignRule(
		ns,
		"weft: containers to eth0",
		rule(["iifname", "==", "weft_gwbridge"], ["oifname", "==", "eth0"], { verdict: "accept" }),
	);
	applyNft(socket, [{ verb: "add", resource: accept }]);
	const saved = run("iptables-save");
	assert.doesNotMatch(saved, /incompatible/);
	for (let round = 0; round < 2; round++) {
		execFileSync("nsenter", [`--net=/run/netns/${ns}`, "iptables-restore"], { input: saved });
		assert.deepEqual(observeNft(socket, ns, "host"), [accept]);
	}
	assert.equal(run("iptables-save").match(/weft: containers/g)?.length, 1);
	applyNft(socket, [{ verb: "del", resource: accept }]);
	assert.doesNotMatch(run("iptables-save"), /weft/);
});

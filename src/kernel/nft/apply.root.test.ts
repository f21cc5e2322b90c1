import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { needs } from "../../../test/needs.ts";
import { ipv4FromNumber } from "../../model/address.ts";
import type { KernelOp } from "../../model/kernel-op.ts";
import { keyOf, type NftElement, type Resource } from "../../model/kernel-state.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "../netlink/socket.ts";
import { createNetns, deleteNetns } from "../netns.ts";
import { applyNft } from "./apply.ts";
import { anyFamily, nftAttributes, nftMessage } from "./message.ts";
import { observeNft } from "./observe.ts";
import {
	bridgeWords,
	dockerTable,
	everything,
	foreignRule,
	guardElements,
	guardTable,
	hostTable,
	rule,
} from "./testdata/tables.ts";
import { NFT_MSG, NFTA } from "./uapi.ts";

const skip = needs("root", "nft");
const ns = `wt-${process.pid}-nft`;
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
	if (skip === false) nft("flush ruleset");
});

/** @returns What the real `nft` prints. */
function nft(...command: string[]): string {
	return execFileSync("nsenter", [`--net=/run/netns/${ns}`, "nft", ...command], { encoding: "utf8" });
}

function golden(name: string): string {
	return readFileSync(new URL(`testdata/${name}.golden`, import.meta.url), "utf8");
}

function replace(...resources: readonly Resource[]): KernelOp[] {
	return resources.map((resource) => ({ verb: "replace", resource }));
}

function del(...resources: readonly Resource[]): KernelOp[] {
	return resources.map((resource) => ({ verb: "del", resource }));
}

function apply(ops: readonly KernelOp[]): void {
	for (const { op, error } of applyNft(socket, ops)) assert.equal(error, undefined, keyOf(op.resource));
}

/** By key: a set's elements come back in an order of the kernel's own. */
function held(): Resource[] {
	return sorted(observeNft(socket, ns, "host"));
}

function sorted(resources: readonly Resource[]): Resource[] {
	return resources.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const guard = guardTable(ns);

for (const [name, resources] of [
	["host", hostTable(ns)],
	["guard", [guard, ...guardElements(ns, "veth0", "10.0.0.2")]],
	["everything", everything(ns)],
	["bridge-words", bridgeWords(ns)],
] as const) {
	test(`applyNft() makes what nft prints as ${name}.golden, and observeNft() reads it back`, { skip }, () => {
		apply(replace(...resources));
		assert.equal(nft("list ruleset"), golden(name));
		assert.deepEqual(held(), sorted(resources));
	});
}

test("applyNft() takes two thousand elements in one transaction, twice", { skip }, () => {
	const elements = Array.from({ length: 1_000 }, (_, i) =>
		guardElements(ns, `veth${i}`, ipv4FromNumber(0x0a000002 + i)),
	).flat();
	apply(replace(guard, ...elements));
	apply(replace(...elements));
	assert.deepEqual(held(), sorted([guard, ...elements]));
	apply(del(...elements));
	assert.deepEqual(held(), [guard]);
});

test("applyNft() replaces a table with its elements without a moment between", { skip }, () => {
	const one = guardElements(ns, "veth0", "10.0.0.2");
	const two = guardElements(ns, "veth1", "10.0.0.3");
	apply(replace(guard, ...one));
	const before = generation();
	apply(replace(guard, ...two));
	assert.equal(generation(), before + 1, "one transaction");
	assert.deepEqual(held(), sorted([guard, ...two]));
});

/** @returns How many transactions the namespace has seen. */
function generation(): number {
	const answer = socket.get(nftMessage(NFT_MSG.GETGEN, anyFamily).finish());
	return nftAttributes(answer).u32be(NFTA.GEN_ID) ?? Number.NaN;
}

test("applyNft() deletes what is gone, beside what is not", { skip }, () => {
	const elements = guardElements(ns, "veth0", "10.0.0.2");
	const [gone, wanted] = guardElements(ns, "veth9", "10.0.0.9");
	apply(del(guard, ...elements));
	apply(replace(guard, ...elements));
	apply([...del(gone, wanted), ...replace(wanted), ...del(...elements)]);
	assert.deepEqual(held(), sorted([guard, wanted]));
	apply(del(guard));
	apply(del(guard));
	assert.deepEqual(held(), []);
});

test("applyNft() says which operation was refused, and does the others", { skip }, () => {
	const [known, other] = guardElements(ns, "veth0", "10.0.0.2");
	const unknown: NftElement = { ...known, set: "nothing" };
	const malformed: NftElement = { ...known, element: ["veth0", "10.0.0"] };
	const missing = { ...containers, table: "missing" };
	const lost = { ...guard, family: "inet", chains: [{ name: "lost", rules: [rule({ jump: "nowhere" })] }] } as const;
	const results = applyNft(socket, replace(guard, known, unknown, missing, lost, malformed, other));
	assert.deepEqual(
		results.map(({ errno, error }) => errno ?? error?.code),
		[undefined, undefined, "ENOENT", "ENOENT", "ENOENT", "KERNEL_REFUSED", undefined],
	);
	assert.deepEqual(held(), sorted([guard, known, other]));
});

const containers = foreignRule(
	ns,
	"weft: containers to the world",
	rule(["iifname", "==", "weft_gwbridge"], ["oifname", "!=", "weft_gwbridge"], { verdict: "accept" }),
);

test("applyNft() puts a foreign rule at the head of its chain, once, and takes it away by its comment", {
	skip,
}, () => {
	nft(dockerTable);
	const answers = foreignRule(ns, "weft: answers", rule(["oifname", "==", "weft_gwbridge"], { verdict: "accept" }));
	apply([{ verb: "add", resource: containers }, ...replace(containers)]);
	apply(replace(containers));
	apply([{ verb: "add", resource: answers }]);
	assert.equal(nft("--stateless", "list chain ip filter DOCKER-USER"), golden("foreign"));
	assert.deepEqual(held(), sorted([containers, answers]));
	assert.deepEqual(observeNft(socket, ns, "overlay"), []);
	apply(del(containers, answers, containers));
	assert.deepEqual(held(), []);
	assert.match(nft("list chain ip filter DOCKER-USER"), /counter .* return/);
});

test("observeNft() sees that a table was changed by another", { skip }, () => {
	for (const change of [
		"flush chain bridge weft prerouting",
		"insert rule bridge weft prerouting counter accept",
		"add chain bridge weft more",
		"add set bridge weft more { type mark; }",
		"add table bridge weft { flags dormant; }",
		"add chain bridge weft prerouting { policy drop; }",
	]) {
		apply(replace(guard));
		assert.deepEqual(held(), [guard]);
		nft(change);
		assert.notDeepEqual(held(), [guard], change);
	}
});

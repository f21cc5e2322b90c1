import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { underlay } from "../../src/lab/names.ts";
import { needs } from "../needs.ts";
import { type Ended, eventually, TestLab } from "./with-lab.ts";

interface Token {
	addresses: string[];
	fingerprint: string;
	secret: string;
}

const agentOf = (n: number) => `${underlay.address(n)}:4790`;

function readToken(text: string): Token {
	return JSON.parse(Buffer.from(text.slice("weft1.".length), "base64url").toString()) as Token;
}

/** The token as somebody could have mangled it. */
function changed(text: string, changes: Partial<Token>): string {
	return `weft1.${Buffer.from(JSON.stringify({ ...readToken(text), ...changes })).toString("base64url")}`;
}

function launch(lab: TestLab, n: number, ...flags: readonly string[]): Ended {
	return lab.run(`host${n}`, "weft", "launch", "--name", `host${n}`, "--advertise-addr", underlay.address(n), ...flags);
}

function refused(ended: Ended, code: string, text: RegExp): void {
	assert.notEqual(ended.code, 0, ended.stdout);
	assert.match(ended.stderr, new RegExp(`code: +${code}`), ended.stderr);
	assert.match(ended.stderr, text);
	assert.match(ended.stderr, /fix: /);
}

/** Drops VXLAN's packets at a host, where they come in or go out. */
function dropVxlan(lab: TestLab, host: string, hook: "input" | "output"): void {
	const chain = `add table inet fw; add chain inet fw f { type filter hook ${hook} priority 10; }`;
	const { code, stderr } = lab.run(host, "nft", `${chain}; add rule inet fw f udp dport 4789 drop`);
	assert.equal(code, 0, stderr);
}

/** @param signal SIGKILL is what a crash is. */
async function stopAgent(lab: TestLab, host: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
	process.kill(lab.agentPid(host), signal);
	await eventually(`the agent of ${host} ends`, 10_000, () => lab.run(host, "weft", "status").code !== 0);
}

test("hosts join by tokens, and are told how the way to the others is", { skip: needs("root", "nft") }, async (t) => {
	const lab = new TestLab("join");
	await lab.lab.down();
	t.after(() => lab.lab.down());
	await lab.lab.up({ hosts: 5, agents: false, onProgress: () => {} });

	await t.test("the first launch says what it found, and what to type next", () => {
		const { code, stdout, stderr } = launch(lab, 1);
		assert.equal(code, 0, stderr);
		assert.match(stdout, /^✓ address +192\.168\.56\.101 on eth0$/m);
		assert.match(stdout, /^✓ MTU +1500 bytes, 1450 inside the overlay$/m);
		assert.match(stdout, /^✓ agent +pid \d+, 1 host in the cluster$/m);
		assert.match(stderr, /next:\n {2}weft token\n/);
	});

	await t.test("a joining host has its address, MTU, token, and the way to the other host told", () => {
		const { code, stdout, stderr } = launch(lab, 2, "--join", lab.weft("host1", "token"));
		assert.equal(code, 0, stderr);
		assert.match(stdout, /^✓ address +192\.168\.56\.102 on eth0$/m);
		assert.match(stdout, /^✓ token +accepted: the store is weft:\/\/192\.168\.56\.101:4790$/m);
		assert.match(stdout, /^✓ host1 +192\.168\.56\.101, udp 4789 both ways ok, 1500 bytes in one piece$/m);
		assert.match(stdout, /^✓ agent +pid \d+, 2 hosts in the cluster$/m);
		assert.match(stderr, /next:\n {2}weft network ls\n/);
	});

	const token = () => lab.weft("host2", "token");

	await t.test("a token lists all agents, the store's first, and is made on any host", () => {
		assert.deepEqual(readToken(token()).addresses, [agentOf(1), agentOf(2)]);
	});

	await t.test("a host joins by one that has not the store, when the first address is silent", () => {
		const by2 = changed(token(), { addresses: [agentOf(5), agentOf(2)] });
		const { code, stdout, stderr } = launch(lab, 3, "--join", by2);
		assert.equal(code, 0, stderr);
		for (const host of ["host1", "host2"])
			assert.match(stdout, new RegExp(`^✓ ${host} +192\\.168\\.56\\.10[12], udp 4789 both ways ok`, "m"));
		refused(launch(lab, 4, "--join", by2), "TOKEN_USED", /was used at/);
	});

	await t.test("a wrong or an expired token is refused, and nothing of the host is changed", async () => {
		const brief = lab.weft("host1", "token", "--ttl", "1s");
		const wrong = changed(token(), { secret: "x".repeat(32) });
		refused(launch(lab, 4, "--join", wrong), "TOKEN_INVALID", /gave out no such token/);
		refused(launch(lab, 4, "--join", token().slice(0, 60)), "TOKEN_INVALID", /not complete/);
		const foreign = changed(token(), { fingerprint: "0".repeat(64) });
		refused(launch(lab, 4, "--join", foreign), "STORE_REFUSED", /its authority is/);
		await new Promise((resolve) => setTimeout(resolve, 1_100));
		refused(launch(lab, 4, "--join", brief), "TOKEN_EXPIRED", /ended at/);
		refused(launch(lab, 4, "--join", token(), "--store", "etcd://10.0.0.5"), "ARGUMENT_INVALID", /omit --store/);
		assert.match(lab.run("host4", "weft", "status").stderr, /AGENT_UNREACHABLE/);
		assert.equal(lab.run("host4", "ls", "/var/lib/weft/pki").code, 2);
	});

	await t.test("a host with another cluster's certificate is kept out of the store", async () => {
		assert.equal(launch(lab, 5).code, 0);
		await stopAgent(lab, "host5", "SIGTERM");
		const ended = launch(lab, 5, "--store", `weft://${agentOf(1)}`);
		t.diagnostic(ended.stderr);
		refused(ended, "STORE_REFUSED", /certificate/);
		assert.match(ended.stderr, /fix: +join again: weft token/);
		assert.match(lab.run("host5", "weft", "status").stderr, /AGENT_UNREACHABLE/);
	});

	await t.test("a firewall that drops VXLAN is named with its direction, for each host", () => {
		dropVxlan(lab, "host2", "input");
		dropVxlan(lab, "host3", "output");
		const began = performance.now();
		const { code, stdout, stderr } = launch(lab, 4, "--join", token());
		assert.equal(code, 0, stderr);
		assert.match(stdout, /^✓ host1 .*both ways ok/m);
		assert.match(stdout, /^! host2 +192\.168\.56\.102, udp 4789 to host2 BLOCKED, from host2 ok/m);
		assert.match(stdout, /fix: open UDP 4789 in the firewall: in at host2 and out at this host/);
		assert.match(stdout, /^! host3 +192\.168\.56\.103, udp 4789 to host3 ok, from host3 BLOCKED/m);
		assert.match(stdout, /fix: open UDP 4789 in the firewall: in at this host and out at host3/);
		assert.match(stdout, /^✓ agent +pid \d+, 4 hosts in the cluster$/m);
		assert.ok(performance.now() - began < 10_000);
	});

	await t.test("while the store's host is down, the others say so", async () => {
		const late = token();
		await stopAgent(lab, "host1", "SIGKILL");
		const ended = launch(lab, 5, "--join", late);
		refused(ended, "STORE_UNREACHABLE", /none of the token's agents could help/);
		assert.match(ended.stderr, /192\.168\.56\.102:4790: .*the store's host \(192\.168\.56\.101\) does not answer/);
		assert.equal(launch(lab, 1).code, 0);
		assert.equal(launch(lab, 5, "--join", late).code, 0);
	});

	await t.test("launch --foreground is the agent until SIGTERM", async () => {
		await stopAgent(lab, "host4", "SIGTERM");
		const child = lab.lab.spawn("host4", ["weft", "launch", "--foreground"], ["ignore", "pipe", "pipe"]);
		let [said, logged] = ["", ""];
		child.stdout?.on("data", (chunk) => {
			said += String(chunk);
		});
		child.stderr?.on("data", (chunk) => {
			logged += String(chunk);
		});
		await eventually("the agent answers", 20_000, () => said.includes("agent "));
		const pid = Number(/^✓ agent +pid (\d+),/m.exec(said)?.[1]);
		assert.equal(lab.agentPid("host4"), lab.machinePid("host4", pid));
		assert.match(logged, /the agent serves/);
		process.kill(lab.agentPid("host4"), "SIGTERM");
		const [code] = (await once(child, "exit")) as [number | null];
		assert.equal(code, 0, logged);
		assert.match(lab.run("host4", "weft", "status").stderr, /AGENT_UNREACHABLE/);
	});
});

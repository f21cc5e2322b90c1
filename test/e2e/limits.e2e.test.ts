import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectAgent } from "../../src/client/client.ts";
import type { Service } from "../../src/model/service.ts";
import { needs } from "../needs.ts";
import { TestLab } from "./with-lab.ts";

const skip = needs("root", "runc", "conmon", "ip", "ping");
const host = "host1";
const lab = new TestLab("limits");

/** BR_MAX_PORTS: of a network's bridge vxlan1 takes one, of the way out none. */
const mostPorts = 1023;
const most = mostPorts - 1;
/** Requests under way: the agent's socket takes no thousand at once. */
const together = 50;

let service: Service;

const attach = (n: number, network: string, ip?: string) =>
	service.attach({ netns: `o${n}`, network, name: `o${n}`, aliases: [], ...(ip === undefined ? {} : { ip }) });
const full = (link: RegExp) => ({ code: "KERNEL_LIMIT", message: link });
const members = async (network: string) => Object.values((await service.networks.inspect(network)).containers);

before(async () => {
	if (skip !== false) return;
	await lab.lab.down();
	await lab.lab.up({ hosts: 1, agents: true, onProgress: () => {} });
	const root = `/proc/${lab.lab.argv(host, [])[2]}/root`;
	service = connectAgent({ socketPath: `${root}/run/weft/weft.sock` });
	const rest = { driver: "overlay", auxAddresses: {}, labels: {} };
	await service.networks.create({ ...rest, name: "full", subnet: "10.60.0.0/16", internal: false });
	await service.networks.create({ ...rest, name: "out", subnet: "10.61.0.0/16", internal: false });
	await service.networks.create({ ...rest, name: "within", subnet: "10.62.0.0/16", internal: true });
	lab.run(host, "sh", "-ec", `for n in $(seq 0 ${most + 2}); do echo netns add o$n; done | ip -batch -`);
	for (let n = 0; n < most; n += together)
		await Promise.all(Array.from({ length: Math.min(together, most - n) }, (_, k) => attach(n + k, "full")));
});

after(async () => {
	if (skip === false) await lab.lab.down();
});

test("a network and a way out that have all the ports that a bridge can have", { skip }, async (t) => {
	const far = (await members("full")).find(({ name }) => name === `o${most - 1}`)?.ipv4Address.split("/")[0] ?? "";
	const pinging = lab.runAside(host, "ip", "netns", "exec", "o0", "ping", "-q", "-i", "0.1", "-c", "60", far);
	const address = "10.60.200.1";

	await t.test("refuse one more, and give its name and address back", async () => {
		await assert.rejects(attach(most, "full", address), full(/veth\d+: the bridge has .*: 1023 \(BR_MAX_PORTS\)$/));
		assert.equal((await members("full")).length, most);
		const { code, stderr } = lab.run(host, "weft", "run", "--name", "one", "--network", "full", "--", "true");
		assert.equal(code, 125);
		assert.match(stderr, /BR_MAX_PORTS.*\n.*cause: .*EXFULL\n.*fix: .*another host.*\n.*code: {2}KERNEL_LIMIT/);
		assert.deepEqual(lab.remains(host), []);
	});

	await t.test("let in what fits", async () => {
		await attach(most, "out");
		lab.sleeper(host, "one", "within");
	});

	await t.test("refuse one more way out, and leave what is without one as it is", async () => {
		await assert.rejects(attach(most + 1, "out"), full(/link host wgw[0-9a-f]+: the bridge has .*: 1023/));
		await assert.rejects(service.networks.connect("out", { container: "one", aliases: [] }), full(/wgw/));
		const { networks, gatewayBridge } = lab.inspect(host, "one");
		assert.deepEqual([Object.keys(networks), gatewayBridge], [["within"], undefined]);
		assert.equal((await members("out")).length, 1);
	});

	await t.test("let in one where another has left, under the name and at the address that were refused", async () => {
		await service.detach({ name: "o500" });
		await service.detach({ name: `o${most}` });
		assert.equal((await attach(most, "full", address)).ipAddress, address);
	});

	await t.test("lose no packet of those that are in", async () => {
		const { stdout } = await pinging;
		assert.match(stdout, / 0% packet loss/);
		const { kernel, problems } = await service.status();
		assert.deepEqual([kernel.state, kernel.mended, problems], ["in-sync", 0, []]);
	});
});

for (const who of ["agent", "names process"] as const)
	test(`${who === "agent" ? "an" : "a"} ${who} without a descriptor to spare refuses one more, and goes on with the others`, {
		skip,
	}, async () => {
		const { pid, names } = await service.status();
		const about = who === "agent" ? pid : (names.pid ?? 0);
		const allow = (most: number) =>
			assert.equal(lab.run(host, "prlimit", `--pid=${about}`, `--nofile=${most}:`).code, 0);
		const before = lab
			.run(host, "prlimit", `--pid=${about}`, "--nofile", "--noheadings", "--output=SOFT")
			.stdout.trim();
		// The lowest number that is free.
		const free = "ls /proc/$0/fd | sort -n | awk '$1 != NR - 1 { exit } { n = NR } END { print n }'";
		const limit = who === "agent" ? 256 : Number(lab.run(host, "sh", "-c", free, `${about}`).stdout);
		allow(limit);
		const refused = { code: "KERNEL_LIMIT", message: new RegExp(` of the ${limit} descriptors .*RLIMIT_NOFILE`) };
		await assert.rejects(attach(500, "within"), refused);
		assert.equal((await members("within")).length, 1);
		allow(Number(before));
		await attach(500, "within");
		await service.detach({ name: "o500" });
		assert.equal((await service.status()).pid, pid);
	});

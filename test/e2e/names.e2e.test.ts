import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { eventually, TestLab } from "./with-lab.ts";
import { worldResolver } from "./world-resolver.ts";

const skip = needs("root", "runc", "conmon", "dig", "dnsmasq");
const lab = new TestLab("names");

/** What the resolver in the world knows beside what each knows. */
const many = Array.from({ length: 60 }, (_, n) => `--host-record=big.example,198.51.100.${n + 1}`);

/** Looked up once: the agent need not be there. */
const netnsOf = new Map<string, string>();

function inside(container: string, ...argv: readonly string[]) {
	const host = container.startsWith("far") ? "host2" : "host1";
	const netns = netnsOf.get(container) ?? lab.netns(host, container);
	netnsOf.set(container, netns);
	return lab.run(host, "nsenter", `--net=${netns}`, ...argv);
}

/** Asks the name server of a container. @returns Lines of dig's +short. */
function ask(container: string, ...words: readonly string[]): string[] {
	const { stdout } = inside(container, "dig", "+short", "+time=2", "+tries=1", "@127.0.0.11", ...words);
	return stdout.split("\n").filter((line) => line !== "");
}

/** @returns dig's whole answer. */
function whole(container: string, ...words: readonly string[]): string {
	return inside(container, "dig", "+time=2", "+tries=1", "@127.0.0.11", ...words).stdout;
}

test("names answer in every sandbox", { skip }, async (t) => {
	await lab.lab.down();
	t.after(() => lab.lab.down());
	await lab.lab.up({ hosts: 2, agents: true, onProgress: () => {} });
	const resolver = worldResolver("names", ...many);
	t.after(() => resolver.kill("SIGKILL"));
	lab.weft("host1", "network", "create", "blue");
	lab.weft("host1", "network", "create", "red");
	lab.weft("host1", "run", "-d", "--name", "web1", "--network", "blue:alias=web,alias=Shop", "--", "sleep", "1d");
	lab.weft("host1", "run", "-d", "--name", "web2", "--network", "blue:alias=web", "--", "sleep", "1d");
	lab.weft("host2", "run", "-d", "--name", "far1", "--network", "blue:alias=web", "--", "sleep", "1d");
	lab.weft("host1", "run", "-d", "--name", "both", "--network", "blue", "--network", "red", "--", "sleep", "1d");
	lab.weft("host1", "run", "-d", "--name", "hidden", "--network", "red", "--", "sleep", "1d");

	await t.test("by name, alias and name with network, in any case, over UDP and TCP", () => {
		for (const name of ["web1", "WEB1", "shop", "sHoP", "web1.blue", "Web1.Blue", "web1."])
			for (const transport of ["+notcp", "+tcp"]) assert.deepEqual(ask("web2", transport, name), ["10.0.0.2"], name);
		assert.deepEqual(ask("far1", "web1"), ["10.0.0.2"]);
	});

	await t.test("of the networks that the sandbox is in, and no others", () => {
		assert.deepEqual(ask("both", "hidden"), ["10.0.1.3"]);
		assert.deepEqual(ask("web1", "hidden"), []);
		assert.deepEqual(ask("web1", "hidden.red"), []);
		assert.deepEqual(ask("hidden", "both"), ["10.0.1.2"]);
		assert.deepEqual(ask("web1", "both"), ["10.0.0.5"]);
	});

	await t.test("several behind one alias in turns, those of the same host first", () => {
		const firsts = new Set<string | undefined>();
		for (let n = 0; n < 6; n++) {
			const answers = ask("both", "web");
			assert.deepEqual(answers.toSorted(), ["10.0.0.2", "10.0.0.3", "10.0.0.4"]);
			assert.equal(answers[2], "10.0.0.4", "the one on the other host comes last");
			firsts.add(answers[0]);
		}
		assert.deepEqual(firsts, new Set(["10.0.0.2", "10.0.0.3"]));
		assert.equal(ask("far1", "web")[0], "10.0.0.4");
	});

	await t.test("addresses by name, and NXDOMAIN for those of nobody", () => {
		assert.deepEqual(ask("web2", "-x", "10.0.0.2"), ["web1.blue."]);
		assert.match(whole("web2", "-x", "10.0.0.77"), /status: NXDOMAIN/);
	});

	await t.test("a known name without the asked type is no error, and has no data", () => {
		const said = whole("web2", "AAAA", "web1");
		assert.match(said, /status: NOERROR/);
		assert.match(said, /ANSWER: 0/);
	});

	await t.test("what it does not know, by the host's resolvers, asked from the host", () => {
		assert.deepEqual(ask("web1", "outside.example"), ["198.51.100.200"]);
		assert.deepEqual(ask("web1", "+tcp", "outside.example"), ["198.51.100.200"]);
		assert.match(whole("web1", "nobody.example"), /status: NXDOMAIN/);
	});

	await t.test("a long answer is cut for who takes 512 bytes, and whole for who takes more", () => {
		assert.match(whole("web1", "+noedns", "+ignore", "big.example"), /flags:[^;]* tc/);
		assert.equal(ask("web1", "+tcp", "big.example").length, 60);
		assert.equal(ask("web1", "+bufsize=4096", "big.example").length, 60);
		assert.match(whole("web1", "+bufsize=4096", "web2"), /EDNS: version: 0/);
	});

	await t.test("what is no question is refused or dropped, and the next one answered", () => {
		const junk = [
			"",
			"00",
			"ff".repeat(11),
			"00".repeat(12),
			"1234010000010000000000003f61",
			"12340100ffff".padEnd(600, "f"),
		];
		const script = `const s = require("node:dgram").createSocket("udp4");
			for (const hex of ${JSON.stringify(junk)}) s.send(Buffer.from(hex, "hex"), 53, "127.0.0.11");
			setTimeout(() => process.exit(), 300);`;
		assert.equal(inside("web1", process.execPath, "-e", script).code, 0);
		assert.deepEqual(ask("web1", "web2"), ["10.0.0.3"]);
	});

	await t.test("while the agent is down, and again after the names process was killed", async () => {
		const status = () => JSON.parse(lab.weft("host1", "status", "--format", "json")) as { names: { pid?: number } };
		const namesPid = status().names.pid ?? 0;
		process.kill(lab.machinePid("host1", namesPid), "SIGKILL");
		await eventually("another names process serves", 3_000, () => ask("web1", "web2")[0] === "10.0.0.3");
		await eventually("the agent knows it", 3_000, () => ![undefined, namesPid].includes(status().names.pid));
		process.kill(lab.agentPid("host1"), "SIGKILL");
		assert.deepEqual(ask("web1", "web2"), ["10.0.0.3"]);
		assert.deepEqual(ask("web1", "outside.example"), ["198.51.100.200"]);
		lab.weft("host1", "launch");
		assert.deepEqual(ask("web1", "web2"), ["10.0.0.3"]);
	});

	await t.test("a name goes with its container, everywhere", async () => {
		lab.weft("host1", "rm", "-f", "web1");
		assert.deepEqual(ask("web2", "web1"), []);
		await eventually("the other host forgets it", 1_000, () => ask("far1", "web1").length === 0);
		assert.deepEqual(ask("both", "web").toSorted(), ["10.0.0.3", "10.0.0.4"]);
	});
});

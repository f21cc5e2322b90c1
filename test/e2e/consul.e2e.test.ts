import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { labNetns, underlay } from "../../src/lab/names.ts";
import { consulProgram, TestConsul } from "../consul.ts";
import { needs } from "../needs.ts";
import { eventually, TestLab } from "./with-lab.ts";

const hosts = ["host1", "host2", "host3"] as const;
const rules = 'key_prefix "weft/" { policy = "write" } session_prefix "" { policy = "write" }';

test("three hosts stand on a Consul: names and traffic, an agent that is killed, a store that is away and back", {
	skip: needs("root", "runc", "conmon", consulProgram),
}, async (t) => {
	const lab = new TestLab("consul");
	await lab.lab.down();
	t.after(() => lab.lab.down());
	await lab.lab.up({ hosts: hosts.length, agents: false, onProgress: () => {} });
	const consul = await TestConsul.start({
		address: underlay.address(1),
		within: ["nsenter", `--net=/run/netns/${labNetns("consul").host("host1")}`, "--"],
		rootToken: "11111111-2222-3333-4444-555555555555",
	});
	t.after(() => consul.close());
	await consul.ctl("acl", "policy", "create", "-name", "weft", "-rules", rules);
	const made = await consul.ctl("acl", "token", "create", "-policy-name", "weft", "-format", "json");
	const { SecretID: secret } = JSON.parse(made) as { SecretID: string };
	const [tokenFile, wrongFile] = [join(consul.dir, "token"), join(consul.dir, "wrong")];
	writeFileSync(tokenFile, `${secret}\n`, { mode: 0o600 });
	writeFileSync(wrongFile, "00000000-2222-3333-4444-555555555555\n");
	const storeUrl = (consul.urls[0] ?? "").replace("http:", "consul:");
	const launch = (host: string, file: string) => [
		...["weft", "launch", "--name", host, "--advertise-addr", underlay.address(Number(host.slice(4)))],
		...["--store", storeUrl, "--store-token-file", file],
	];

	const refused = lab.run("host1", ...launch("host1", wrongFile));
	assert.notEqual(refused.code, 0);
	assert.match(refused.stderr, /ACL[\s\S]*fix: +weft launch --store-token-file[\s\S]*STORE_REFUSED/);
	for (const host of hosts) lab.lab.exec(host, launch(host, tokenFile));
	lab.weft("host1", "network", "create", "blue");
	for (const host of hosts) lab.sleeper(host, `c-${host}`, "blue");
	const allReach = () => hosts.every((host) => hosts.every((other) => lab.pings(host, `c-${host}`, `c-${other}`)));
	await eventually("all reach all by name", 5_000, allReach);

	const shown = ["ps -eo args", "weft status --format json", "cat /var/lib/weft/agent.log", "weft hosts"];
	for (const line of shown) assert.ok(!lab.run("host2", "sh", "-c", line).stdout.includes(secret), line);
	assert.ok(!(await consul.ctl("kv", "export")).includes(secret));

	process.kill(lab.agentPid("host2"), "SIGKILL");
	lab.weft("host2", "launch");
	lab.sleeper("host2", "c4", "blue");
	await eventually("a container of the new agent is known elsewhere", 5_000, () => lab.pings("host3", "c-host3", "c4"));

	const [server] = consul.servers;
	await server?.kill();
	const lost = lab.run("host3", "weft", "network", "create", "green");
	assert.match(lost.stderr, /STORE_UNREACHABLE/);
	assert.ok(allReach(), "without the store");
	server?.start();
	await consul.ready();
	await eventually("changes go on", 10_000, () => lab.run("host3", "weft", "network", "create", "green").code === 0);
	lab.sleeper("host3", "c5", "blue");
	await eventually("what was run since is known elsewhere", 10_000, () => lab.pings("host1", "c-host1", "c5"));
	await eventually("all hosts are alive", 30_000, () => !/down|dead/.test(lab.weft("host1", "hosts")));
});

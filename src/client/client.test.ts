import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MemoryService } from "../../test/memory-service.ts";
import { serveApi } from "../api/serve.ts";
import { isWeftError } from "../model/error.ts";
import type { Service } from "../model/service.ts";
import type { EventView } from "../model/view.ts";
import { connectAgent } from "./client.ts";

const folder = mkdtempSync(join(tmpdir(), "weft-client-"));
const socketPath = join(folder, "weft.sock");
const service = new MemoryService();
const server = await serveApi(service, { socketPath });
const agent: Service = connectAgent({ socketPath });

after(async () => {
	await server.close();
	rmSync(folder, { recursive: true });
});

const plainNetwork = { driver: "overlay", auxAddresses: {}, internal: false, labels: {} };
const plainContainer = { command: ["echo", "hi"], networks: [], env: [], tty: false, stdin: false, autoRemove: false };

test("connectAgent() carries a network there and back", async () => {
	const { id } = await agent.networks.create({
		...plainNetwork,
		name: "blue",
		labels: { team: "a" },
		subnet: "10.9.0.0/24",
	});
	const network = await agent.networks.inspect("blue");
	assert.equal(network.id, id);
	assert.equal(network.ipam.subnet, "10.9.0.0/24");
	assert.deepEqual(network, service.networksById.get(id));
	assert.deepEqual(await agent.networks.list({ filters: { label: ["team=a"], name: ["bl"] } }), [network]);
	assert.deepEqual(await agent.networks.list({ filters: { name: ["red", "green"] } }), []);
	assert.equal(await agent.networks.remove("blue"), undefined);
	assert.deepEqual(await agent.networks.prune(), { removed: [] });
});

test("connectAgent() carries each call of containers", async () => {
	await agent.networks.create({ ...plainNetwork, name: "green" });
	const { id } = await agent.containers.create({ ...plainContainer, name: "web" });
	const ended = agent.containers.wait("web");
	await agent.containers.start(id);
	assert.equal(
		(await agent.networks.connect("green", { container: "web", ip: "10.0.0.7", aliases: ["w"] })).ipAddress,
		"10.0.0.7",
	);
	assert.deepEqual(Object.keys((await agent.containers.inspect("web")).networks), ["green"]);
	await agent.networks.disconnect("green", { container: "web", force: false });
	assert.deepEqual(
		(await agent.containers.exec("web", { command: ["ls"], tty: false, stdin: false, detach: false, env: [] })).argv,
		["runc", "exec", id, "ls"],
	);
	assert.match((await agent.containers.console("web")).attachSocket, /attach$/);
	const lines = await all(agent.containers.logs("web", { follow: false, tail: 5 }));
	assert.deepEqual(
		lines.map(({ stream, text }) => [stream, text]),
		[
			["stdout", "echo hi"],
			["stderr", "done"],
		],
	);
	await agent.containers.stop("web", { timeoutSeconds: 1 });
	assert.deepEqual(await ended, { exitCode: 143 });
	assert.equal((await agent.containers.list({ all: false })).length, 0);
	assert.equal((await agent.containers.list({ all: true })).length, 1);
	await agent.containers.remove("web", { force: true });
});

test("connectAgent() carries status, hosts, tokens and attachments", async () => {
	assert.equal((await agent.status()).host.name, "host1");
	assert.equal((await agent.hosts())[0]?.vtep, "192.168.56.101");
	assert.equal((await agent.testPaths())[0]?.here, "blocked");
	assert.equal((await agent.createToken({ ttlSeconds: 60 })).token, "weft-token");
	assert.equal((await agent.store.check({ repair: true })).findings[0]?.outcome, "mended");
	await agent.networks.create({ ...plainNetwork, name: "red" });
	assert.equal(
		(await agent.attach({ netns: "4711", network: "red", name: "db", aliases: [] })).nameserver,
		"127.0.0.11",
	);
	await assert.rejects(agent.detach({ name: "nobody" }), { code: "CONTAINER_NOT_FOUND" });
});

test("connectAgent() throws what the agent threw", async () => {
	await assert.rejects(agent.networks.inspect("nowhere"), (error: unknown) => {
		assert.ok(isWeftError(error, "NETWORK_NOT_FOUND"));
		assert.equal(error.status, 404);
		assert.equal(error.fix, "weft network ls shows all networks");
		return true;
	});
	await assert.rejects(all(agent.containers.logs("nobody", { follow: true })), {
		code: "CONTAINER_NOT_FOUND",
	});
});

test("connectAgent() lets no name become a path", async () => {
	for (const ref of ["..", ".", "a/b", "a?b", "", "a#b", "%2e%2e"]) {
		await assert.rejects(agent.networks.remove(ref), { code: "NAME_INVALID" }, ref);
	}
});

test("events() yields what happens while it listens, and ends with its signal", async () => {
	const ending = new AbortController();
	const seen: EventView[] = [];
	const listening = (async () => {
		for await (const event of agent.events(ending.signal)) seen.push(event);
	})();
	await until(() => service.listening === 1);
	service.emit("create", "11", "purple");
	service.emit("remove", "11", "purple");
	await until(() => seen.length === 2);
	ending.abort();
	await listening;
	assert.deepEqual(
		seen.map(({ action }) => action),
		["create", "remove"],
	);
	await until(() => service.listening === 0);
});

test("connectAgent() says when no agent runs", async () => {
	const nobody = connectAgent({ socketPath: join(folder, "nobody.sock") });
	await assert.rejects(
		nobody.status(),
		(error: unknown) => isWeftError(error, "AGENT_UNREACHABLE") && /weft launch/.test(error.fix ?? ""),
	);
});

test("connectAgent() says when the agent goes amid an answer", async () => {
	const path = join(folder, "rude.sock");
	const rude = createServer((socket) =>
		socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")),
	).listen(path);
	await assert.rejects(connectAgent({ socketPath: path }).status(), { code: "AGENT_UNREACHABLE" });
	rude.close();
});

test("connectAgent() says when what answers is no agent", async () => {
	const path = join(folder, "other.sock");
	const other = createHttpServer((request, response) => {
		response.statusCode = request.url === "/v1/hosts" ? 500 : 200;
		response.end("hello\n");
	}).listen(path);
	await once(other, "listening");
	const client = connectAgent({ socketPath: path });
	const isOther = { code: "AGENT_UNREACHABLE", message: /what answers there is none/ };
	await assert.rejects(client.status(), isOther);
	await assert.rejects(client.hosts(), isOther);
	await assert.rejects(all(client.events(new AbortController().signal)), isOther);
	await assert.rejects(serveApi(service, { socketPath: path }), {
		code: "CONFIG_INVALID",
		message: new RegExp(`: .* \\(pid ${process.pid}\\) listens there$`),
	});
	other.close();
});

test("connectAgent() says what is wrong with a path that is no socket's", async () => {
	const file = join(folder, "plain");
	writeFileSync(file, "");
	for (const path of [file, folder])
		await assert.rejects(connectAgent({ socketPath: path }).status(), { message: /: it is no socket$/ });
	await assert.rejects(connectAgent({ socketPath: `/${"x".repeat(120)}` }).status(), {
		code: "AGENT_UNREACHABLE",
		message: /no path of a socket$/,
	});
});

test("serveApi() makes a socket for root and its group only", () => {
	assert.equal(statSync(socketPath).mode & 0o777, 0o660);
});

test("serveApi() refuses a socket that an agent answers on, and takes over a stale one", async () => {
	await assert.rejects(serveApi(service, { socketPath }), {
		code: "AGENT_ALREADY_RUNNING",
		message: `Cannot serve the API at "${socketPath}": an agent does, pid 4711`,
	});
	const path = join(folder, "stale.sock");
	const child = (await import("node:child_process")).spawnSync(process.execPath, [
		"-e",
		`require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
	]);
	assert.equal(child.signal, "SIGKILL");
	assert.ok(statSync(path).isSocket());
	const second = await serveApi(service, { socketPath: path });
	assert.equal((await connectAgent({ socketPath: path }).hosts()).length, 1);
	await second.close();
	assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
});

test("serveApi() refuses a path that is no socket, or too long for one", async () => {
	const path = join(folder, "notes.txt");
	writeFileSync(path, "keep me");
	await assert.rejects(serveApi(service, { socketPath: path }), { code: "CONFIG_INVALID" });
	await assert.rejects(serveApi(service, { socketPath: join(folder, "x".repeat(120)) }), { code: "CONFIG_INVALID" });
});

async function until(condition: () => boolean): Promise<void> {
	const deadline = Date.now() + 5_000;
	while (!condition()) {
		assert.ok(Date.now() < deadline, "not within 5 s");
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
}

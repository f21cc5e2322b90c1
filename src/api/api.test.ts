import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryService } from "../../test/memory-service.ts";
import type { ErrorBody } from "../model/error.ts";
import { routes } from "../model/routes.ts";
import { apiOf } from "./app.ts";
import { operations } from "./operations.ts";

function send(path: string, options: { method?: string; body?: unknown; type?: string; service?: MemoryService } = {}) {
	const { method = "GET", body, type = "application/json", service = new MemoryService() } = options;
	const init = {
		method,
		...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
	};
	return apiOf(service).request(path, { ...init, headers: body === undefined ? {} : { "content-type": type } });
}

async function refusal(response: Response | Promise<Response>): Promise<ErrorBody & { status: number }> {
	const { status, ...rest } = { status: (await response).status, ...((await (await response).json()) as ErrorBody) };
	return { status, ...rest };
}

const refused: readonly (readonly [string, unknown, string, RegExp])[] = [
	["/v1/networks", {}, "ARGUMENT_INVALID", /"name": it is missing, wanted a text/],
	["/v1/networks", { name: 7 }, "ARGUMENT_INVALID", /"name": a number given, wanted a text/],
	["/v1/networks", { name: "a/b" }, "NAME_INVALID", /"a\/b" as the name of a network: "\/" at position 2/],
	["/v1/networks", { name: ".." }, "NAME_INVALID", /begins with "\."/],
	["/v1/networks", { name: "n", colour: "red" }, "ARGUMENT_INVALID", /"colour": the request has no such field/],
	["/v1/networks", { name: "n", mtuBytes: 12 }, "ARGUMENT_INVALID", /"mtuBytes": wanted a whole number from 68/],
	["/v1/networks", { name: "n", subnet: "10.0.0.0 /24" }, "ARGUMENT_INVALID", /"subnet": wanted letters/],
	["/v1/networks", { name: "n", auxAddresses: { "a b": "10.0.0.9" } }, "NAME_INVALID", /"a b"/],
	["/v1/networks/n/connect", { container: "" }, "NAME_INVALID", /it is empty/],
	["/v1/networks/n/connect", { container: "c", aliases: ["ok", "-x"] }, "NAME_INVALID", /"-x" as an alias/],
	["/v1/containers", { command: [] }, "ARGUMENT_INVALID", /"command": wanted a command/],
	["/v1/containers", { command: "ls" }, "ARGUMENT_INVALID", /"command": a text given, wanted a list/],
	["/v1/containers", { command: ["ls"], env: ["A"] }, "ARGUMENT_INVALID", /"env\[0\]": wanted NAME=value/],
	["/v1/containers", { command: ["ls"], rootfs: "root" }, "ARGUMENT_INVALID", /"rootfs": wanted an absolute path/],
	["/v1/containers/c/kill", { signal: "SIGNAL" }, "ARGUMENT_INVALID", /"signal": wanted the name of a signal/],
	["/v1/containers/c/stop", { timeoutSeconds: -1 }, "ARGUMENT_INVALID", /"timeoutSeconds": wanted a whole number/],
	["/v1/tokens", { ttlSeconds: 0 }, "ARGUMENT_INVALID", /"ttlSeconds": wanted a whole number from 1/],
	["/v1/attachments", { netns: "", network: "n", name: "x" }, "ARGUMENT_INVALID", /"netns": it is empty/],
	["/v1/networks/prune", { all: true }, "ARGUMENT_INVALID", /"all": the request has no such field/],
	["/v1/networks", [], "ARGUMENT_INVALID", /the request: a list given, wanted an object/],
	["/v1/networks", "{", "ARGUMENT_INVALID", /Malformed JSON/],
];

for (const [path, body, code, message] of refused) {
	test(`POST ${path} ${JSON.stringify(body)} is refused with ${code}`, async () => {
		const answer = await refusal(send(path, { method: "POST", body }));
		assert.equal(answer.status, 400);
		assert.equal(answer.code, code);
		assert.match(answer.message, message);
	});
}

test("apiOf() names the field of a name that is refused", async () => {
	const body = { container: "c", aliases: ["ok", "a b"] };
	assert.equal((await refusal(send("/v1/networks/n/connect", { method: "POST", body }))).field, "aliases[1]");
});

test("apiOf() refuses what is wrong in a query", async () => {
	assert.match((await refusal(send("/v1/containers?all=yes"))).message, /"all": wanted true or false/);
	assert.match((await refusal(send("/v1/containers/c/logs?tail=-1"))).message, /"tail": wanted a whole number/);
	assert.match((await refusal(send("/v1/networks?colour=red"))).message, /"colour": the request has no such field/);
});

test("apiOf() answers other media types with 415, long bodies with 413", async () => {
	const other = await refusal(
		send("/v1/networks", { method: "POST", body: "name=n", type: "application/x-www-form-urlencoded" }),
	);
	assert.deepEqual([other.status, other.code], [415, "CONTENT_TYPE_INVALID"]);
	const long = await refusal(send("/v1/networks", { method: "POST", body: { name: "n".repeat(1_100_000) } }));
	assert.deepEqual([long.status, long.code], [413, "BODY_TOO_LARGE"]);
});

test("apiOf() answers unknown paths and methods with an error body", async () => {
	const path = await refusal(send("/v2/networks"));
	assert.deepEqual([path.status, path.code], [404, "ROUTE_NOT_FOUND"]);
	assert.match(path.message, /Cannot GET \/v2\/networks: the API has no such path/);
	assert.match((await refusal(send("/v1/networks/n", { method: "POST", body: {} }))).message, /takes GET and DELETE/);
});

test("apiOf() answers what the service throws with its status", async () => {
	const answer = await refusal(send("/v1/networks/nowhere"));
	assert.deepEqual([answer.status, answer.code], [404, "NETWORK_NOT_FOUND"]);
	assert.match(answer.fix ?? "", /weft network ls/);
});

test("apiOf() tells a fault of weft's own from a refusal", async () => {
	const service = new MemoryService();
	service.networks.list = async () => JSON.parse("no JSON") as never;
	const answer = await refusal(send("/v1/networks", { service }));
	assert.deepEqual([answer.status, answer.code], [500, "INTERNAL"]);
	assert.match(answer.cause ?? "", /JSON/);
});

test("apiOf() has defaults for all that a person need not say", async () => {
	const service = new MemoryService();
	const created = await send("/v1/networks", { method: "POST", body: { name: "n" }, service });
	assert.equal(created.status, 201);
	const [network] = service.networksById.values();
	assert.equal(network?.driver, "overlay");
	assert.equal((await send("/v1/networks/n", { method: "DELETE", service })).status, 204);
	assert.equal(service.networksById.size, 0);
});

test("apiOf() answers each view as its schema describes it", async () => {
	const service = new MemoryService();
	await service.networks.create({ name: "n", driver: "overlay", auxAddresses: {}, internal: false, labels: {} });
	const body = { command: ["sh"], networks: [{ network: "n" }] };
	await send("/v1/containers", { method: "POST", body, service });
	for (const name of [
		"status",
		"hosts",
		"listNetworks",
		"inspectNetwork",
		"listContainers",
		"inspectContainer",
	] as const) {
		const ref = name.endsWith("Container") ? "box-0202" : "n";
		const answer = await send(
			`${routes[name].path.replace("{ref}", ref)}${name === "listContainers" ? "?all=true" : ""}`,
			{ service },
		);
		assert.equal(answer.status, 200, name);
		operations[name].answer?.parse(await answer.json());
	}
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { MemoryService } from "../../test/memory-service.ts";
import { type ErrorBody, type ErrorCode, errorCodes } from "../model/error.ts";
import { serveApi } from "./serve.ts";

/** What comes in over the socket, byte for byte: most of it is no request. */

const folder = mkdtempSync(join(tmpdir(), "weft-wire-"));
const socketPath = join(folder, "weft.sock");
const server = await serveApi(new MemoryService(), { socketPath });

after(async () => {
	await server.close();
	rmSync(folder, { recursive: true });
});

/** @returns What came back until the other side closed. */
function speak(bytes: string | Uint8Array, { half = false } = {}): Promise<string> {
	const { promise, resolve } = Promise.withResolvers<string>();
	const socket = connect(socketPath);
	let said = "";
	socket.on("data", (chunk) => {
		said += String(chunk);
	});
	// It may close before it has taken all.
	socket.on("error", () => {});
	socket.on("close", () => resolve(said));
	if (half) socket.end(bytes);
	else socket.write(bytes);
	return promise;
}

const head = "HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n";
const json = "Content-Type: application/json\r\n";
const post = (body: string, headers = json) =>
	`POST /v1/networks ${head}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const refused: readonly (readonly [what: string, bytes: string, code: ErrorCode, message: RegExp])[] = [
	["no HTTP", "hello\r\n\r\n", "ARGUMENT_INVALID", /no.* well-formed HTTP/],
	["an unknown method", `FROB /v1/networks ${head}\r\n`, "ARGUMENT_INVALID", /well-formed HTTP/],
	["CONNECT", `CONNECT weft:80 ${head}\r\n`, "ARGUMENT_INVALID", /well-formed HTTP/],
	["TRACE", `TRACE /v1/networks ${head}\r\n`, "ROUTE_NOT_FOUND", /Cannot TRACE .* takes GET and POST/],
	["PUT", `PUT /v1/networks ${head}\r\n`, "ROUTE_NOT_FOUND", /Cannot PUT .* takes GET and POST/],
	["PATCH", `PATCH /v1/networks/blue ${head}\r\n`, "ROUTE_NOT_FOUND", /takes GET and DELETE/],
	["OPTIONS *", `OPTIONS * ${head}\r\n`, "ARGUMENT_INVALID", /well-formed HTTP/],
	["an unknown path", `GET /v1/frobs ${head}\r\n`, "ROUTE_NOT_FOUND", /no such path/],
	["another version", `GET /v2/networks ${head}\r\n`, "ROUTE_NOT_FOUND", /no such path/],
	["a doubled slash", `GET //v1/status ${head}\r\n`, "ROUTE_NOT_FOUND", /no such path/],
	["a way up", `GET /v1/networks/%2e%2e ${head}\r\n`, "ROUTE_NOT_FOUND", /no such path/],
	["a slash in a name", `GET /v1/networks/a%2fb ${head}\r\n`, "NAME_INVALID", /"a\/b" as the name or id/],
	["half an escape", `GET /v1/networks/%zz ${head}\r\n`, "NAME_INVALID", /"%zz"/],
	["no UTF-8", `GET /v1/networks/%ff ${head}\r\n`, "NAME_INVALID", /"%ff"/],
	["a NUL", `GET /v1/networks/a%00b ${head}\r\n`, "NAME_INVALID", /a\\u0000b/],
	[
		"a host that is none",
		"GET /v1/status HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
		"ARGUMENT_INVALID",
		/well-formed HTTP/,
	],
	["a URL that is none", `GET http://[::/v1/status ${head}\r\n`, "ARGUMENT_INVALID", /well-formed HTTP/],
	["too long a path", `GET /v1/networks/${"a".repeat(20_000)} ${head}\r\n`, "ARGUMENT_INVALID", /headers are too long/],
	["too long a header", `GET /v1/status ${head}X: ${"a".repeat(70_000)}\r\n\r\n`, "ARGUMENT_INVALID", /too long/],
	["a parameter twice", `GET /v1/containers?all=true&all=false ${head}\r\n`, "ARGUMENT_INVALID", /"all"/],
	["an unknown parameter", `GET /v1/containers?al=true ${head}\r\n`, "ARGUMENT_INVALID", /"al": .* no such field/],
	["an empty body", post(""), "ARGUMENT_INVALID", /Malformed JSON/],
	["half a JSON", post('{"name":'), "ARGUMENT_INVALID", /Malformed JSON/],
	["a list", post("[]"), "ARGUMENT_INVALID", /a list given, wanted an object/],
	["a deep JSON", post("[".repeat(100_000)), "ARGUMENT_INVALID", /Malformed JSON/],
	["a text", post('{"name":"n"}', "Content-Type: text/plain\r\n"), "CONTENT_TYPE_INVALID", /not JSON/],
	["a form", post("name=n", "Content-Type: application/x-www-form-urlencoded\r\n"), "CONTENT_TYPE_INVALID", /not JSON/],
	["no content type", post('{"name":"n"}', ""), "CONTENT_TYPE_INVALID", /not JSON/],
	[
		"a body that is said to be too large",
		`POST /v1/networks ${head}${json}Content-Length: 99999999\r\n\r\n{`,
		"BODY_TOO_LARGE",
		/1048576 bytes/,
	],
	[
		"a negative length",
		`POST /v1/networks ${head}${json}Content-Length: -5\r\n\r\n{`,
		"ARGUMENT_INVALID",
		/well-formed HTTP/,
	],
	[
		"two lengths",
		`POST /v1/networks ${head}${json}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
		"ARGUMENT_INVALID",
		/well-formed HTTP/,
	],
	[
		"a chunk without a size",
		`POST /v1/networks ${head}${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n{`,
		"ARGUMENT_INVALID",
		/well-formed HTTP/,
	],
	["a strange expectation", post('{"name":"n"}', `${json}Expect: magic\r\n`), "ARGUMENT_INVALID", /well-formed HTTP/],
];

for (const [what, bytes, code, message] of refused) {
	test(`serveApi() refuses ${what} with ${code}`, async () => {
		const answer = await speak(bytes);
		assert.equal(Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]), errorCodes[code], answer);
		assert.match(answer, /content-type: application\/json\r\n/i);
		const body = JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? "") as ErrorBody;
		assert.equal(body.code, code);
		assert.match(body.message, message);
		assert.ok(body.fix);
	});
}

test("serveApi() refuses a body that turns out to be too large", async () => {
	const chunk = `100000\r\n${"a".repeat(0x10_00_00)}\r\n`;
	const answer = await speak(
		`POST /v1/networks ${head}${json}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`,
	);
	assert.match(answer, /^HTTP\/1\.1 413 .*"code":"BODY_TOO_LARGE"/s);
});

test("serveApi() answers a caller that names no host", async () => {
	assert.match(await speak("GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 200 OK/);
	assert.match(await speak("GET /v1/status HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 OK/);
});

test("serveApi() mixes no refusal into an answer", async () => {
	const socket = connect(socketPath);
	socket.write("GET /v1/events HTTP/1.1\r\n\r\n");
	const [header] = (await once(socket, "data")) as [Buffer];
	assert.match(String(header), /^HTTP\/1\.1 200 OK/);
	let rest = "";
	socket.on("data", (chunk) => {
		rest += String(chunk);
	});
	socket.on("error", () => {});
	socket.write("hello\r\n\r\n");
	await once(socket, "close");
	assert.equal(rest, "");
});

test("serveApi() outlives any bytes", async () => {
	const anything = fc.oneof(
		fc.uint8Array({ maxLength: 300 }),
		fc
			.tuple(fc.constantFrom("GET", "POST", "DELETE"), fc.string({ unit: "binary" }), fc.string({ unit: "binary" }))
			.map(([method, path, body]) => Buffer.from(`${method} /v1/${path} ${head}${json}\r\n${body}`)),
	);
	await fc.assert(
		fc.asyncProperty(anything, async (bytes) => {
			const answer = await speak(bytes, { half: true });
			assert.doesNotMatch(answer, /^HTTP\/1\.1 5/, answer);
		}),
		{ numRuns: 200 },
	);
	assert.match(await speak(`GET /v1/status ${head}\r\n`), /^HTTP\/1\.1 200 OK/);
});

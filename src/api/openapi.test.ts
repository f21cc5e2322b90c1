import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { MemoryService } from "../../test/memory-service.ts";
import { conforming, whole } from "../../test/openapi/conforming.ts";
import {
	callsOf,
	type Document,
	type DocumentedCall,
	resolved,
	type Schema,
	visit,
} from "../../test/openapi/document.ts";
import { type Fault, faultsOf } from "../../test/openapi/faults.ts";
import { type ErrorBody, errorCodes } from "../model/error.ts";
import { routes } from "../model/routes.ts";
import { visible } from "../model/visible.ts";
import { serveApi } from "./serve.ts";

/** The API over its socket, tried with what its own document says: a new route is tried without a line here. */

const folder = mkdtempSync(join(tmpdir(), "weft-api-"));
const socketPath = join(folder, "weft.sock");
const service = new MemoryService();
// Nobody ends a container here: who waited for one would wait for ever.
service.containers.wait = async (ref) => {
	await service.containers.inspect(ref);
	return { exitCode: 0 };
};
const server = await serveApi(service, { socketPath });
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

after(async () => {
	agent.destroy();
	await server.close();
	rmSync(folder, { recursive: true });
});

interface Answer {
	readonly status: number;
	readonly text: string;
}

/** @param text As it goes over the wire. */
function send(method: string, path: string, text?: string, type = "application/json"): Promise<Answer> {
	const { promise, resolve, reject } = Promise.withResolvers<Answer>();
	const headers = text === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(text) };
	const sent = request({ socketPath, method, path, agent, headers }, (response) => {
		const status = response.statusCode ?? 0;
		// A stream goes on for ever.
		if (status < 400 && response.headers["content-type"] === "application/x-ndjson") {
			response.destroy();
			return resolve({ status, text: "" });
		}
		let body = "";
		response.setEncoding("utf8");
		response.on("data", (chunk: string) => {
			body += chunk;
		});
		response.on("error", reject);
		response.on("end", () => resolve({ status, text: body }));
	});
	sent.on("error", reject);
	sent.end(text);
	return promise;
}

function call({ method, path, inBody }: DocumentedCall, ref: string, input: unknown): Promise<Answer> {
	const where = path.replace("{ref}", encodeURIComponent(ref.toWellFormed()));
	if (inBody) return send(method, where, JSON.stringify(input));
	const query = new URLSearchParams();
	for (const [key, value] of Object.entries(input as Record<string, unknown>))
		for (const item of Array.isArray(value) ? value : [value]) query.append(key, asText(item).toWellFormed());
	return send(method, `${where}?${query.toString()}`);
}

function asText(value: unknown): string {
	return typeof value === "string" ? value : JSON.stringify(value);
}

/** @returns The error, whose status is that of its code. */
function refusal({ status, text }: Answer, what: string): ErrorBody {
	assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text}`);
	const body = JSON.parse(text) as ErrorBody;
	assert.equal(errorCodes[body.code], status, `${what}: ${text}`);
	assert.match(body.message, /^Cannot .*[^.]$/s, what);
	assert.equal(body.message, visible(body.message), what);
	return body;
}

const { text } = await send("GET", "/v1/openapi.json");
const document = JSON.parse(text) as Document;
const calls = callsOf(document);
const nobody = "nobody";

test("the document has each route, with its input, its answers and its errors", () => {
	assert.equal(document.openapi, "3.1.0");
	assert.deepEqual(
		calls.map(({ name, method, path }) => [name, { method, path }] as const).sort(([a], [b]) => a.localeCompare(b)),
		Object.entries(routes)
			.map(([name, { method, path }]) => [name, { method, path }] as const)
			.sort(([a], [b]) => a.localeCompare(b)),
	);
	for (const methods of Object.values(document.paths))
		for (const { operationId, summary, responses } of Object.values(methods)) {
			assert.ok(summary.length > 3, operationId);
			const [done] = Object.keys(responses);
			assert.match(done ?? "", /^20[014]$/, operationId);
			assert.deepEqual(responses["default"]?.content?.["application/json"]?.schema, {
				$ref: "#/components/schemas/Error",
			});
			assert.equal(responses[done ?? ""]?.content === undefined, done === "204", operationId);
		}
});

test("the document says of each field what it takes", () => {
	for (const { name, input, ref, path } of calls) {
		assert.equal(ref !== undefined, path.includes("{ref}"), name);
		for (const one of ref === undefined ? [input] : [input, ref])
			visit(document, one, (schema, way) => {
				const at = `${name} ${way}`;
				assert.ok(schema.type !== undefined, at);
				if (schema.type === "string") assert.ok(schema.pattern ?? schema.enum, `${at}: any text`);
				if (schema.type === "integer") assert.ok(schema.minimum !== undefined && schema.maximum !== undefined, at);
				if (schema.type === "object") assert.notEqual(schema.additionalProperties ?? true, true, `${at}: any field`);
			});
	}
});

for (const documented of calls) {
	const { name, input, inBody, ref } = documented;

	test(`${name} names the one field that is wrong`, async () => {
		const faults = faultsOf(document, input, whole(document, input));
		for (const { what, value, field } of inBody ? faults : faults.filter(isText)) {
			const at = `${name} ${field}: ${what}`;
			const { field: named, fix } = refusal(await call(documented, nobody, value), at);
			assert.equal(named ?? "", visible(field.replace(/^\./, "")), at);
			assert.ok(fix, at);
		}
		if (ref === undefined) return;
		for (const { what, value } of faultsOf(document, ref, undefined).filter(isRef))
			refusal(await call(documented, value as string, whole(document, input)), `${name} {ref}: ${what}`);
	});

	test(`${name} answers anything with 2xx or a refusal`, async () => {
		const anyone = fc.oneof(fc.string({ unit: "binary", minLength: 1 }), fc.constantFrom("n", "a/b", "%2e", "?", "#"));
		await fc.assert(
			fc.asyncProperty(anyone, junk(resolved(document, input)), async (who, value) => {
				const answer = await call(documented, who, value);
				if (answer.status >= 300) refusal(answer, JSON.stringify(value));
			}),
			{ numRuns: 25 },
		);
	});

	test(`${name} takes what the document allows`, async () => {
		await fc.assert(
			fc.asyncProperty(
				ref === undefined ? fc.constant("") : conforming(document, ref),
				conforming(document, input),
				async (who, value) => {
					const answer = await call(documented, who as string, value);
					if (answer.status < 300) return;
					const { code, field } = refusal(answer, JSON.stringify(value));
					assert.equal(field, undefined, `${JSON.stringify(value)}: ${answer.text}`);
					assert.match(code, /_NOT_FOUND$|_EXISTS$|_NOT_EMPTY$/);
				},
			),
			{ numRuns: 25 },
		);
	});
}

/** Any JSON, in the fields that the document knows and in others. */
function junk({ properties = {} }: Schema): fc.Arbitrary<Record<string, unknown>> {
	const known = Object.keys(properties);
	const value = fc.oneof(
		fc.jsonValue(),
		fc.string({ unit: "binary" }),
		fc.constantFrom("a", "10.0.0.0/24", ["sh"], {}, true, 3),
	);
	const key =
		known.length === 0 ? fc.string() : fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...known) }, fc.string());
	return fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true });
}

/** In a query there are names and texts, and nothing else. */
function isText({ value }: Fault): boolean {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
	return Object.values(value).every((one) => typeof one === "string" || one === 1);
}

/** Without one, the path is another one. */
function isRef({ value }: Fault): boolean {
	return typeof value === "string" && value !== "";
}

import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { WeftError } from "../model/error.ts";
import { ndjson, type Route, type RouteName, routes } from "../model/routes.ts";
import type { Service } from "../model/service.ts";
import { type Call, type Operation, operations } from "./operations.ts";
import { answerError, validationError } from "./refusal.ts";
import { useWeftMessages } from "./schema/messages.ts";
import * as form from "./schema/text.ts";
import { errorBody } from "./schema/view.ts";
import { answerLines } from "./stream.ts";

/** More than any honest request: argv and environment together are at most 2 MiB in Linux, and far less by custom. */
const longestBodyBytes = 1024 * 1024;

const document = {
	openapi: "3.1.0",
	info: { title: "weft", version: "1", description: "A container overlay network for more than one host" },
	servers: [{ url: "http://weft", description: "The agent, over its unix socket: for root and the group weft" }],
};

/** The API of an agent as a function of requests; {@link serveApi} puts it on a socket. */
export function apiOf(service: Service): OpenAPIHono {
	useWeftMessages();
	const app = new OpenAPIHono({
		defaultHook: (result, context) =>
			result.success ? undefined : answerError(context, validationError(result.error.issues)),
	});
	app.onError((error, context) => answerError(context, error));
	app.notFound((context) => answerError(context, routeNotFound(context)));
	app.use(
		bodyLimit({
			maxSize: longestBodyBytes,
			onError: (context) =>
				answerError(
					context,
					new WeftError(
						"BODY_TOO_LARGE",
						`Cannot read the request: its body is longer than ${longestBodyBytes} bytes`,
						{
							fix: "put long arguments and variables into a file that the container can read",
						},
					),
				),
		}),
	);
	for (const name of Object.keys(routes) as RouteName[]) addRoute(app, service, name);
	app.get("/v1/openapi.json", (context) => context.json(app.getOpenAPI31Document(document)));
	return app;
}

function addRoute(app: OpenAPIHono, service: Service, name: RouteName): void {
	const route: Route = routes[name];
	// The table's own types hold input and run together; here they are one of many.
	const operation = operations[name] as Operation<unknown, unknown>;
	app.openapi(describe(name, route, operation), async (context): Promise<Response> => {
		const gone = new AbortController();
		context.req.raw.signal.addEventListener("abort", () => gone.abort());
		const call: Call<unknown> = {
			ref: context.req.param("ref") ?? "",
			input: route.method === "POST" ? context.req.valid("json" as never) : context.req.valid("query" as never),
			signal: gone.signal,
		};
		if (route.streams) {
			await operation.check?.(service, call);
			return answerLines(operation.run(service, call) as AsyncIterable<unknown>, gone);
		}
		const answer = await (operation.run(service, call) as Promise<unknown>);
		return operation.answer === undefined ? context.body(null, 204) : context.json(answer, route.creates ? 201 : 200);
	});
}

function describe(name: RouteName, route: Route, operation: Operation<unknown, unknown>) {
	const input = operation.input as z.ZodObject;
	const media = route.streams ? ndjson : "application/json";
	const refused = { description: "Refused", content: { "application/json": { schema: errorBody } } };
	const answered =
		operation.answer === undefined
			? { description: "Done" }
			: { description: operation.summary, content: { [media]: { schema: operation.answer } } };
	return createRoute({
		method: route.method.toLowerCase() as "get" | "post" | "delete",
		path: route.path,
		operationId: name,
		summary: operation.summary,
		request: {
			...(operation.refers === undefined ? {} : { params: z.strictObject({ ref: form.ref(operation.refers) }) }),
			...(route.method === "POST"
				? { body: { required: true, content: { "application/json": { schema: input } } } }
				: { query: input }),
		},
		responses: {
			[operation.answer === undefined ? 204 : route.creates ? 201 : 200]: answered,
			default: refused,
		},
	});
}

/** Says which methods the path takes, when it is one of the API's. */
function routeNotFound(context: Context): WeftError {
	const { method, path } = context.req;
	const methods = Object.values(routes)
		.filter((route) => new RegExp(`^${route.path.replace("{ref}", "[^/]+")}$`).test(path))
		.map((route) => route.method);
	const why = methods.length === 0 ? "the API has no such path" : `the path takes ${methods.join(" and ")}`;
	return new WeftError("ROUTE_NOT_FOUND", `Cannot ${method} ${path.slice(0, 200)}: ${why}`, {
		fix: "GET /v1/openapi.json describes all paths",
	});
}

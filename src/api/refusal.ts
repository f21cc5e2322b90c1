import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";
import { isWeftError, WeftError } from "../model/error.ts";

/** @returns The error as the API answers it. */
export function answerError(context: Context, error: unknown): Response {
	const refusal = toWeftError(error);
	return context.json(refusal.toBody(), refusal.status as ContentfulStatusCode);
}

/** What is no WeftError is a fault of weft's own (INTERNAL), but for what the HTTP library refuses. */
export function toWeftError(error: unknown): WeftError {
	if (isWeftError(error)) return error;
	if (error instanceof HTTPException) {
		if (error.status === 415) {
			return new WeftError("CONTENT_TYPE_INVALID", "Cannot read the request: its body is not JSON", {
				fix: "send the header Content-Type: application/json",
			});
		}
		if (error.status < 500) {
			return new WeftError("ARGUMENT_INVALID", `Cannot read the request: ${error.message}`, {
				fix: "send one JSON object in UTF-8, {} when there is nothing to say",
				cause: error.cause,
			});
		}
	}
	return new WeftError("INTERNAL", "Cannot answer the request: weft made a mistake", {
		cause: error,
		fix: "see the agent's log, and report it",
	});
}

/** @returns The first fault of a request as an error that names the field. */
export function validationError(issues: readonly z.core.$ZodIssue[]): WeftError {
	const issue = deepest(issues[0]);
	if (issue === undefined) return new WeftError("ARGUMENT_INVALID", "Cannot read the request");
	const field = fieldOf(issue.path);
	const own: unknown = issue.code === "custom" ? issue.params?.["weft"] : undefined;
	if (isWeftError(own)) {
		return new WeftError(own.code, own.message, {
			...(own.fix === undefined ? {} : { fix: own.fix }),
			...(field === "" ? {} : { field }),
		});
	}
	if (issue.code === "unrecognized_keys") return unknownField(issue.keys, field);
	const subject = field === "" ? "the request" : `"${field}"`;
	return new WeftError("ARGUMENT_INVALID", `Cannot take ${subject}: ${issue.message}`, {
		fix: "GET /v1/openapi.json describes each field",
		field,
	});
}

/** A bad key of a record hides what is wrong with it one level down. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
	if (issue?.code !== "invalid_key") return issue;
	const inner = deepest(issue.issues[0]);
	return inner === undefined ? issue : { ...inner, path: issue.path };
}

/** @example fieldOf(["networks", 0, "ip"]) is "networks[0].ip" */
function fieldOf(path: readonly PropertyKey[]): string {
	return path
		.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`))
		.join("");
}

function unknownField(keys: readonly string[], within: string): WeftError {
	const [key = ""] = keys;
	const shown = key.length > 64 ? `${key.slice(0, 64)}…` : key;
	return new WeftError(
		"ARGUMENT_INVALID",
		`Cannot take ${JSON.stringify(shown)}: ${within === "" ? "the request" : `"${within}"`} has no such field`,
		{ fix: "GET /v1/openapi.json describes each field", field: within === "" ? shown : `${within}.${shown}` },
	);
}

import { constants } from "node:os";
import { z } from "zod";
import { isWeftError, type WeftError } from "../../model/error.ts";
import { checkName, checkRef, longestName, longestRef, type NameKind, nameForm } from "../../model/name.ts";
import { restartNames } from "../../model/restart.ts";

/** The forms of single values in requests. Messages complete the sentence `Cannot take "<field>": …`. */

/** The longest text of one value: a path of Linux (PATH_MAX). */
const longestText = 4096;

function checked(schema: z.ZodString, check: (text: string) => unknown): z.ZodString {
	return schema.check((context) => {
		const refusal = refusalOf(() => check(context.value));
		if (refusal === undefined) return;
		context.issues.push({
			code: "custom",
			input: context.value,
			message: refusal.message,
			params: { weft: refusal },
		});
	});
}

function refusalOf(check: () => unknown): WeftError | undefined {
	try {
		check();
		return undefined;
	} catch (error) {
		if (isWeftError(error)) return error;
		throw error;
	}
}

const nameMeta = { pattern: nameForm, maxLength: longestName };

export const name = (kind: NameKind) => checked(z.string(), (text) => checkName(kind, text)).meta(nameMeta);

/** A name, an id, or the unique head of an id. */
export const ref = (kind: "network" | "container" | "host") =>
	checked(z.string(), (text) => checkRef(kind, text)).meta({ pattern: nameForm, maxLength: longestRef });

/** A text that a later step reads (an address, a prefix, the name of a driver): here only its length and its characters are checked. */
export const word = z
	.string()
	.min(1, "it is empty")
	.max(128, "it has more than 128 characters")
	.regex(/^[\x21-\x7e]*$/, "wanted letters, digits and signs without spaces");

/** runc reads a longer number as another one. */
const highestId = 2_147_483_647;

export const user = z
	.string()
	.regex(/^\d{1,10}(:\d{1,10})?$/, "wanted UID or UID:GID, in numbers")
	.refine((ids) => ids.split(":").every((id) => Number(id) <= highestId), `an id is at most ${highestId}`)
	.meta({ examples: ["0", "1000:1000", `${highestId}`] });

/** A text for the kernel: a NUL would end it early. */
export const text = z
	.string()
	.max(longestText, `it has more than ${longestText} characters`)
	.regex(/^[^\0]*$/, "it holds a NUL character");

export const argument = z.string().regex(/^[^\0]*$/, "it holds a NUL character");

/** argv: the program and its arguments. */
export const command = z
	.array(argument)
	.min(1, "wanted a command")
	.refine((argv) => argv[0] !== "", "the program to run is an empty text")
	.describe("The program, which is no empty text, and its arguments")
	.meta({
		examples: [
			["sh", "-c", "echo hi"],
			["ping", "db"],
		],
	});

// One expression each: of several the document shows the first.
export const absolutePath = z
	.string()
	.max(longestText, `it has more than ${longestText} characters`)
	.regex(/^\/[^\0]*$/, 'wanted an absolute path, like "/srv/root"');

export const environment = z.array(z.string().regex(/^[^=\0]+=[^\0]*$/, "wanted NAME=value"));

export const signalName = z.enum(
	Object.keys(constants.signals) as [string, ...string[]],
	'wanted the name of a signal, like "SIGTERM"',
);

const longestLabel = 128;
export const labels = z
	.record(z.string().min(1, "it is empty").max(longestLabel, `it has more than ${longestLabel} characters`), text)
	.meta({ propertyNames: { minLength: 1, maxLength: longestLabel } });

/** Addresses by name. */
export const addressesByName = z.record(name("host"), word).meta({ propertyNames: nameMeta });

/** A whole number between bounds, both included. @param note Says what `most` is: " (30 days)". */
export function integer(least: number, most: number, note = ""): z.ZodNumber {
	const message = `wanted a whole number from ${least} to ${most}${note}`;
	return z.int(message).min(least, message).max(most, message);
}

/** When a container begins again by itself. Which count goes with which name is the agent's to say. */
export const restartPolicy = z.strictObject({
	name: z.enum(restartNames),
	maximumRetryCount: integer(0, 1_000_000).default(0).describe("Of on-failure; 0 for any number"),
});

/** In a query all values are texts. */
export const queryBoolean = z.enum(["true", "false"], "wanted true or false").transform((value) => value === "true");

export function queryInteger(least: number, most: number) {
	return z
		.string()
		.regex(/^\d{1,9}$/, `wanted a whole number from ${least} to ${most}`)
		.transform(Number)
		.pipe(integer(least, most));
}

/** A key that may come several times; one time is a list of one. */
export const queryList = z.preprocess((value) => (typeof value === "string" ? [value] : value), z.array(text));

import { z } from "zod";
import { mostRecords, type PutRecordsRequest } from "../../model/service.ts";
import type { BackupLineView, FindingView, MoveStepView, RecoverView, StoreCheckView } from "../../model/view.ts";
import { schemaOf } from "./schema-of.ts";
import * as form from "./text.ts";

/** What the calls about the store take and answer. */

const count = z.int().min(0);

export const check = schemaOf<{ repair: boolean }>()(
	z.strictObject({ repair: z.boolean().default(false).describe("Mend what can be mended") }),
);

const finding = schemaOf<FindingView>()(
	z.strictObject({
		code: z.string().describe("Permanent: branch on this"),
		key: z.string().describe("The record that is wrong, or lacks"),
		message: z.string(),
		outcome: z.enum(["found", "mended", "left", "changed"]),
		mend: z.string().optional().describe("What repair does, or did"),
		fix: z.string().optional().describe("What a person can do, where repair can do nothing"),
	}),
);

export const checkView = schemaOf<StoreCheckView>()(
	z.strictObject({ revision: count, records: count, findings: z.array(finding) }).meta({ id: "StoreCheck" }),
);

export const backupLine = schemaOf<BackupLineView>()(z.strictObject({ line: z.string() }));

const id = z.string().regex(/^[0-9a-f]{32}$/, "wanted the id that begin answered");

export const beginRestore = schemaOf<{ from: string; force: boolean }>()(
	z.strictObject({
		from: form.text.default("a backup").describe("What messages call it: a file's name"),
		force: z.boolean().default(false).describe("Also in the place of networks that are there"),
	}),
);

export const restoreBegun = schemaOf<{ id: string }>()(z.strictObject({ id: z.string() }));

const longestKey = 1024;

export const putRecords = schemaOf<PutRecordsRequest>()(
	z.strictObject({
		id,
		records: z
			.array(
				z.strictObject({
					key: z
						.string()
						.max(longestKey, `it has more than ${longestKey} characters`)
						.regex(/^[^/\0]+\/[^\0]+$/, 'wanted a key, like "networks/ab"'),
					// Whatever a backup holds.
					value: z.string().regex(/^[^]*$/),
				}),
			)
			.max(mostRecords, `there are more than ${mostRecords}`),
	}),
);

export const endRestore = schemaOf<{ id: string }>()(z.strictObject({ id }));

export const migrate = schemaOf<{ to: string }>()(
	z.strictObject({ to: form.word.describe('"etcd://10.0.0.5:2379,10.0.0.6:2379", or "sqlite:" for one on this host') }),
);

export const moveStep = schemaOf<MoveStepView>()(
	z.strictObject({
		what: z.enum(["target", "freeze", "hosts", "copy", "left"]),
		detail: z.string(),
		done: count.optional(),
		total: count.optional(),
	}),
);

export const moveAborted = schemaOf<{ aborted?: string }>()(
	z.strictObject({ aborted: z.string().optional().describe("Where it was to go; absent when there was none") }),
);

export const recoverView = schemaOf<RecoverView>()(
	z.strictObject({
		networks: count,
		endpoints: count,
		hosts: count,
		joins: z.array(
			z.strictObject({
				host: z.string(),
				token: z.string().describe("weft launch --join TOKEN, on that host"),
				hadStore: z.boolean().describe("The lost store was there"),
			}),
		),
	}),
);

/** As tokens.ts reads it. */
const longestToken = 65_536;

export const join = schemaOf<{ token: string }>()(
	z.strictObject({
		token: z
			.string()
			.max(longestToken, `it has more than ${longestToken} characters`)
			.regex(/^\s*weft1\.[\w-]*\s*$/, "wanted what weft token prints"),
	}),
);

export const joined = schemaOf<{ storeUrl: string; left: readonly string[] }>()(
	z.strictObject({
		storeUrl: z.string(),
		left: z.array(z.string()).readonly().describe("What is another's there by now"),
	}),
);

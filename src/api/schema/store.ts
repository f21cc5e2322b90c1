import { z } from "zod";
import type { FindingView, StoreCheckView } from "../../model/view.ts";
import { schemaOf } from "./schema-of.ts";

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

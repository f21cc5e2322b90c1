import { z } from "zod";
import { type ErrorBody, type ErrorCode, errorCodes } from "../../model/error.ts";
import type {
	CreatedView,
	EventView,
	ForgottenView,
	HostView,
	NetworkEndpointView,
	NetworkView,
	PathView,
	ProblemView,
	StatusView,
	TokenView,
} from "../../model/view.ts";
import { schemaOf } from "./schema-of.ts";

/** What the API answers, for its OpenAPI document. The types, and what each field means, are in model/view.ts. */

export const time = z.iso.datetime();
export const texts = z.array(z.string());
const textByName = z.record(z.string(), z.string());
const count = z.int().min(0);
const code = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);
const hostState = z.enum(["alive", "unreachable", "gone"]);

export const errorBody = schemaOf<ErrorBody>()(
	z
		.strictObject({
			code: code.describe("Permanent: branch on this"),
			message: z.string(),
			cause: z.string().optional(),
			fix: z.string().optional().describe("A command or a setting that helps"),
			field: z.string().optional().describe("The field of the request that is wrong"),
		})
		.meta({ id: "Error" }),
);

export const createdView = schemaOf<CreatedView>()(z.strictObject({ id: z.string(), warnings: texts }));

export const tokenView = schemaOf<TokenView>()(z.strictObject({ token: z.string(), expiresAt: time }));

export const hostView = schemaOf<HostView>()(
	z
		.strictObject({
			id: z.string(),
			name: z.string(),
			self: z.boolean().describe("This is the agent that answers"),
			state: hostState,
			since: time.optional(),
			vtep: z.ipv4(),
			agentPort: z.int(),
			underlayMtuBytes: z.int(),
			version: z.string(),
			joinedAt: time,
			endpoints: count,
		})
		.meta({ id: "Host" }),
);

export const forgottenView = schemaOf<ForgottenView>()(
	z.strictObject({ id: z.string(), name: z.string(), endpoints: count }),
);

const pathState = z.enum(["ok", "small-only", "blocked", "unknown"]);

export const pathView = schemaOf<PathView>()(
	z.strictObject({ host: z.string(), vtep: z.ipv4(), there: pathState, here: pathState, fullBytes: count }),
);

const problemView = schemaOf<ProblemView>()(
	z.strictObject({
		code,
		message: z.string(),
		cause: z.string().optional(),
		fix: z.string().optional(),
		since: time,
	}),
);

export const statusView = schemaOf<StatusView>()(
	z
		.strictObject({
			version: z.string(),
			pid: z.int(),
			startedAt: time,
			host: hostView,
			store: z.strictObject({ url: z.string(), state: z.enum(["connected", "unreachable"]), since: time }),
			names: z.strictObject({ state: z.enum(["serving", "restarting"]), pid: z.int().optional() }),
			kernel: z.strictObject({
				state: z.enum(["in-sync", "converging"]),
				auditedAt: time.optional(),
				mended: count,
			}),
			networks: count,
			containers: count,
			hosts: count,
			problems: z.array(problemView),
		})
		.meta({ id: "Status" }),
);

const networkEndpointView = schemaOf<NetworkEndpointView>()(
	z.strictObject({
		name: z.string(),
		endpointId: z.string(),
		macAddress: z.string(),
		ipv4Address: z.cidrv4(),
		aliases: texts,
		host: z.string(),
		hostState,
	}),
);

export const networkView = schemaOf<NetworkView>()(
	z
		.strictObject({
			id: z.string(),
			name: z.string(),
			driver: z.string(),
			scope: z.literal("global"),
			created: time,
			internal: z.boolean(),
			ipam: z.strictObject({
				subnet: z.cidrv4(),
				ipRange: z.cidrv4().optional(),
				gateway: z.ipv4(),
				auxAddresses: textByName,
			}),
			vni: z.int(),
			mtuBytes: z.int(),
			netns: z.string(),
			labels: textByName,
			containers: z.record(z.string(), networkEndpointView).describe("By sandbox id. Empty in lists"),
		})
		.meta({ id: "Network" }),
);

export const pruned = schemaOf<{ removed: readonly { id: string; name: string }[] }>()(
	z.strictObject({ removed: z.array(z.strictObject({ id: z.string(), name: z.string() })) }),
);

export const eventView = schemaOf<EventView>()(
	z
		.strictObject({
			time,
			type: z.enum(["network", "container", "endpoint", "host", "kernel", "store"]),
			action: z.string(),
			id: z.string(),
			name: z.string(),
			attributes: textByName,
		})
		.meta({ id: "Event" }),
);

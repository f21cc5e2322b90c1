import { z } from "zod";
import type {
	AttachRequest,
	ConnectRequest,
	CreateContainerRequest,
	CreateNetworkRequest,
	ExecRequest,
	LogsRequest,
	NetworkFilters,
	NetworkJoin,
} from "../../model/service.ts";
import { schemaOf } from "./schema-of.ts";
import * as form from "./text.ts";

/** The longest lifetime of a join token: 30 days. */
const longestTokenSeconds = 30 * 24 * 3600;
const daySeconds = 24 * 3600;
/** RFC 791: each IPv4 link carries 68 bytes. 65535 less VXLAN's 50. */
const mtu = { least: 68, most: 65_485 };

export const createToken = schemaOf<{ ttlSeconds: number }>()(
	z.strictObject({
		ttlSeconds: form
			.integer(1, longestTokenSeconds, " (30 days)")
			.default(3600)
			.describe("After this the token is refused"),
	}),
);

const aliases = z.array(form.name("alias")).default([]).describe("More names of it in the network's DNS");
const ip = form.word.optional().describe("A fixed address out of the subnet");

export const attach = schemaOf<AttachRequest>()(
	z.strictObject({
		netns: form.text
			.min(1, "it is empty")
			.describe("An absolute path; a bare name stands for one below /run/netns, a number for the process of that id"),
		network: form.ref("network"),
		name: form.name("container").describe("Its name in the network's DNS"),
		ip,
		aliases,
	}),
);

export const networkFilters = schemaOf<NetworkFilters>()(
	z.strictObject({
		name: form.queryList.optional().describe("A part of the name"),
		id: form.queryList.optional().describe("The head of the id"),
		driver: form.queryList.optional(),
		label: form.queryList.optional().describe("key or key=value"),
	}),
);

export const createNetwork = schemaOf<CreateNetworkRequest>()(
	z
		.strictObject({
			name: form.name("network"),
			driver: form.word.default("overlay"),
			subnet: form.word.optional().describe('In network form, like "10.0.0.0/24"; the first free one when omitted'),
			ipRange: form.word.optional().describe("Automatic addresses come from here only"),
			gateway: form.word.optional().describe("The first address of the subnet when omitted"),
			auxAddresses: form.addressesByName.default({}).describe("Addresses that are never handed out, by name"),
			internal: z.boolean().default(false).describe("No way out of the network"),
			labels: form.labels.default({}),
			mtuBytes: form.integer(mtu.least, mtu.most).optional().describe("What follows from the underlay when omitted"),
		})
		.meta({ id: "CreateNetwork" }),
);

export const connect = schemaOf<ConnectRequest>()(z.strictObject({ container: form.ref("container"), ip, aliases }));

export const disconnect = schemaOf<{ container: string; force: boolean }>()(
	z.strictObject({
		container: form.ref("container"),
		force: z.boolean().default(false).describe("Also when its container is gone or its host is away"),
	}),
);

export const containerList = schemaOf<{ all: boolean }>()(
	z.strictObject({ all: form.queryBoolean.prefault("false").describe("Also those that do not run") }),
);

const join = schemaOf<NetworkJoin>()(z.strictObject({ network: form.ref("network"), ip, aliases }));

export const createContainer = schemaOf<CreateContainerRequest>()(
	z
		.strictObject({
			name: form.name("container").optional().describe("Chosen by the agent when omitted"),
			hostname: form.name("hostname").optional(),
			command: form.command,
			networks: z.array(join).default([]).describe("In the order of eth0, eth1 …"),
			rootfs: form.absolutePath.optional().describe("A small root with busybox when omitted"),
			env: form.environment.default([]),
			workdir: form.absolutePath.optional(),
			tty: z.boolean().default(false),
			stdin: z.boolean().default(false),
			autoRemove: z.boolean().default(false).describe("Remove it once it has ended"),
			restart: form.restartPolicy.optional().describe("When it begins again by itself; never when omitted"),
		})
		.meta({ id: "CreateContainer" }),
);

export const stop = schemaOf<{ timeoutSeconds: number }>()(
	z.strictObject({ timeoutSeconds: form.integer(0, daySeconds, " (a day)").default(10).describe("Then SIGKILL") }),
);

export const kill = schemaOf<{ signal: string }>()(z.strictObject({ signal: form.signalName.default("SIGKILL") }));

export const remove = schemaOf<{ force: boolean }>()(
	z.strictObject({ force: form.queryBoolean.prefault("false").describe("Kill it first") }),
);

export const logs = schemaOf<LogsRequest>()(
	z.strictObject({
		follow: form.queryBoolean.prefault("false"),
		tail: form.queryInteger(0, 999_999_999).optional().describe("Only that many lines from the end"),
	}),
);

export const exec = schemaOf<ExecRequest>()(
	z.strictObject({
		command: form.command,
		tty: z.boolean().default(false),
		stdin: z.boolean().default(false),
		detach: z.boolean().default(false).describe("The command goes on when what starts it has ended"),
		env: form.environment.default([]),
		workdir: form.absolutePath.optional(),
		user: form.user.optional(),
	}),
);

/** Of calls that take no input: an unknown field is refused all the same. */
export const nothing: z.ZodType<Record<string, never>> = z.strictObject({});

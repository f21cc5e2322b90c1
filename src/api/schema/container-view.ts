import { z } from "zod";
import { restartNames } from "../../model/restart.ts";
import type { AttachedView } from "../../model/service.ts";
import type { ConsoleView, ContainerEndpointView, ContainerView, LogLineView } from "../../model/view.ts";
import { schemaOf } from "./schema-of.ts";
import { texts, time } from "./view.ts";

const endpointFields = {
	networkId: z.string(),
	endpointId: z.string(),
	ifname: z.string(),
	ipAddress: z.ipv4(),
	ipPrefixLen: z.int(),
	macAddress: z.string(),
	gateway: z.ipv4(),
	aliases: texts,
};

export const containerEndpointView = schemaOf<ContainerEndpointView>()(
	z.strictObject(endpointFields).meta({ id: "ContainerEndpoint" }),
);

export const attachedView = schemaOf<AttachedView>()(
	z.strictObject({ ...endpointFields, sandboxId: z.string(), name: z.string(), nameserver: z.ipv4() }),
);

export const containerView = schemaOf<ContainerView>()(
	z
		.strictObject({
			id: z.string(),
			name: z.string(),
			state: z.enum(["created", "running", "restarting", "exited", "attached"]),
			host: z.string(),
			hostname: z.string(),
			command: texts,
			env: texts,
			rootfs: z.string().optional(),
			tty: z.boolean(),
			stdin: z.boolean(),
			autoRemove: z.boolean(),
			restartPolicy: z.strictObject({ name: z.enum(restartNames), maximumRetryCount: z.int() }),
			restartCount: z.int(),
			created: time,
			startedAt: time.optional(),
			finishedAt: time.optional(),
			exitCode: z.int().optional(),
			pid: z.int().optional(),
			netns: z.string(),
			networks: z.record(z.string(), containerEndpointView).describe("By network name"),
			gatewayBridge: z.strictObject({ ifname: z.string(), ipAddress: z.string() }).optional(),
			logPath: z.string().optional(),
		})
		.meta({ id: "Container" }),
);

export const consoleView = schemaOf<ConsoleView>()(
	z.strictObject({
		attachSocket: z.string(),
		controlFifo: z.string(),
		stdinFifo: z.string().optional(),
		tty: z.boolean(),
	}),
);

export const execView = schemaOf<{ argv: readonly string[] }>()(z.strictObject({ argv: texts }));

export const exitView = schemaOf<{ exitCode: number }>()(z.strictObject({ exitCode: z.int() }));

export const logLineView = schemaOf<LogLineView>()(
	z
		.strictObject({ time, stream: z.enum(["stdout", "stderr"]), text: z.string(), partial: z.boolean() })
		.meta({ id: "LogLine" }),
);

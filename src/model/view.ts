import type { ErrorCode } from "./error.ts";
import type { RestartPolicy } from "./restart.ts";

/** What the agent shows of its things: the JSON of the API and of `--format json`. Times are ISO 8601, UTC. */

/** What was made. Warnings are sentences for a person: it was made all the same. */
export interface CreatedView {
	readonly id: string;
	readonly warnings: readonly string[];
}

/** Something that is not as it should be, while the agent goes on. */
export interface ProblemView {
	readonly code: ErrorCode;
	readonly message: string;
	readonly cause?: string;
	readonly fix?: string;
	readonly since: string;
}

export interface StatusView {
	readonly version: string;
	readonly pid: number;
	readonly startedAt: string;
	readonly host: HostView;
	/** `url` carries no secret. */
	readonly store: { readonly url: string; readonly state: "connected" | "unreachable"; readonly since: string };
	/** The process that answers names. */
	readonly names: { readonly state: "serving" | "restarting"; readonly pid?: number };
	/** `mended` counts the operations that drift made necessary since the start. */
	readonly kernel: { readonly state: "in-sync" | "converging"; readonly auditedAt?: string; readonly mended: number };
	readonly networks: number;
	readonly containers: number;
	readonly hosts: number;
	readonly problems: readonly ProblemView[];
}

export interface HostView {
	readonly id: string;
	readonly name: string;
	readonly self: boolean;
	/** `alive`: its lease holds. `unreachable`: it ended, its endpoints keep their addresses. `gone`: those were reclaimed. */
	readonly state: "alive" | "unreachable" | "gone";
	/** Since when it is in this state, where known. */
	readonly since?: string;
	readonly vtep: string;
	readonly agentPort: number;
	readonly underlayMtuBytes: number;
	readonly version: string;
	readonly joinedAt: string;
	readonly endpoints: number;
}

/** A host that was forgotten, and how many endpoints went with it. */
export interface ForgottenView {
	readonly id: string;
	readonly name: string;
	readonly endpoints: number;
}

/**
 * How VXLAN's packets pass one way: `ok`; `small-only`, those of full size are lost; `blocked`, all are;
 * `unknown`, the other host's agent took no part.
 */
export type PathState = "ok" | "small-only" | "blocked" | "unknown";

/** The way between this host and another one. */
export interface PathView {
	readonly host: string;
	readonly vtep: string;
	/** From this host to that one. */
	readonly there: PathState;
	/** From that host to this one. */
	readonly here: PathState;
	/** What full size was: the smaller MTU of the two underlay interfaces. */
	readonly fullBytes: number;
}

export interface TokenView {
	readonly token: string;
	readonly expiresAt: string;
}

export interface NetworkView {
	readonly id: string;
	readonly name: string;
	readonly driver: string;
	readonly scope: "global";
	readonly created: string;
	readonly internal: boolean;
	readonly ipam: {
		readonly subnet: string;
		readonly ipRange?: string;
		readonly gateway: string;
		readonly auxAddresses: Readonly<Record<string, string>>;
	};
	readonly vni: number;
	/** Of the network's links on this host. */
	readonly mtuBytes: number;
	/** The namespace that holds it on each host with an endpoint in it: "1-<first 10 of id>". */
	readonly netns: string;
	readonly labels: Readonly<Record<string, string>>;
	/** All endpoints of all hosts, by sandbox id. Empty in lists. */
	readonly containers: Readonly<Record<string, NetworkEndpointView>>;
}

export interface NetworkEndpointView {
	readonly name: string;
	readonly endpointId: string;
	readonly macAddress: string;
	/** With the subnet's length: "10.0.0.2/24". */
	readonly ipv4Address: string;
	readonly aliases: readonly string[];
	/** The host's name. */
	readonly host: string;
	readonly hostState: HostView["state"];
}

/**
 * `restarting`: it has ended, and begins again in a moment; it keeps its networks.
 * `attached`: a namespace that weft did not make and connected on request; weft neither starts nor stops what runs in it.
 */
export type ContainerState = "created" | "running" | "restarting" | "exited" | "attached";

export interface ContainerView {
	readonly id: string;
	readonly name: string;
	readonly state: ContainerState;
	readonly host: string;
	readonly hostname: string;
	/** Empty when attached. */
	readonly command: readonly string[];
	readonly env: readonly string[];
	/** The root folder, as given or as weft made it. Absent when attached. */
	readonly rootfs?: string;
	readonly tty: boolean;
	readonly stdin: boolean;
	readonly autoRemove: boolean;
	readonly restartPolicy: RestartPolicy;
	/** How often it began again by itself since somebody started it. */
	readonly restartCount: number;
	readonly created: string;
	readonly startedAt?: string;
	readonly finishedAt?: string;
	readonly exitCode?: number;
	readonly pid?: number;
	/** The path of the network namespace. */
	readonly netns: string;
	/** By network name. */
	readonly networks: Readonly<Record<string, ContainerEndpointView>>;
	/** On weft_gwbridge; absent when all its networks are internal. */
	readonly gatewayBridge?: { readonly ifname: string; readonly ipAddress: string };
	readonly logPath?: string;
}

export interface ContainerEndpointView {
	readonly networkId: string;
	readonly endpointId: string;
	readonly ifname: string;
	readonly ipAddress: string;
	readonly ipPrefixLen: number;
	readonly macAddress: string;
	readonly gateway: string;
	readonly aliases: readonly string[];
}

/** Where the terminal or the streams of a container of weft are reached, on this host. */
export interface ConsoleView {
	/** conmon's attach socket (SOCK_SEQPACKET). */
	readonly attachSocket: string;
	/** conmon's control FIFO: "1 <rows> <columns>\n" sets the size of the terminal. */
	readonly controlFifo: string;
	/** Where its stdin is read from, until all who write to it have closed it. Absent when it has a terminal, or no stdin. */
	readonly stdinFifo?: string;
	readonly tty: boolean;
}

/** One line, or a part of one, that a container wrote. */
export interface LogLineView {
	readonly time: string;
	readonly stream: "stdout" | "stderr";
	/** Without the line's end. */
	readonly text: string;
	/** The line goes on in the next entry of this stream. */
	readonly partial: boolean;
}

/** What happened to a network, a container, an endpoint, a host, or in this host's kernel (drift, mended). */
export interface EventView {
	readonly time: string;
	readonly type: "network" | "container" | "endpoint" | "host" | "kernel" | "store";
	/** A verb: "create", "remove", "connect", "disconnect", "start", "die", "join", "suspend", "mend" … */
	readonly action: string;
	readonly id: string;
	readonly name: string;
	readonly attributes: Readonly<Record<string, string>>;
}

/** Something in the store that contradicts something else. */
export interface FindingView {
	/** Permanent: branch on this. */
	readonly code: string;
	/** The record that is wrong, or lacks: "ipam/<network>/10.0.0.2". */
	readonly key: string;
	readonly message: string;
	/** `found`: nothing was to be mended. `left`: a person has to choose. `changed`: somebody else changed it meanwhile. */
	readonly outcome: "found" | "mended" | "left" | "changed";
	/** What repair does, or did: "gives it back". */
	readonly mend?: string;
	/** What a person can do, where repair can do nothing. */
	readonly fix?: string;
}

export interface StoreCheckView {
	/** Of the snapshot that was read. */
	readonly revision: number;
	/** How many it holds. */
	readonly records: number;
	readonly findings: readonly FindingView[];
}

/** A line of a backup, without its end. */
export interface BackupLineView {
	readonly line: string;
}

/** One step of a move of the cluster's state, as soon as it is done; of the copying, how far it is. */
export interface MoveStepView {
	readonly what: "target" | "freeze" | "hosts" | "copy" | "left";
	readonly detail: string;
	readonly done?: number;
	readonly total?: number;
}

/** What a recovery of the cluster's state from one host's memory found. */
export interface RecoverView {
	readonly networks: number;
	readonly endpoints: number;
	readonly hosts: number;
	/** What is to be typed on each other host: `weft launch --join <token>`. */
	readonly joins: readonly {
		readonly host: string;
		readonly token: string;
		/** The lost store was there. */
		readonly hadStore: boolean;
	}[];
}

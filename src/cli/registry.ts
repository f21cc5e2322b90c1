import type { Command } from "./command.ts";

/** A verb or a group of verbs, as the help lists it. The verb's code is loaded only when it runs. */
export interface Entry {
	readonly name: string;
	readonly summary: string;
	readonly aliases?: readonly string[];
	/** Works, but the help does not list it. */
	readonly hidden?: true;
	/** Under which title the help lists it. */
	readonly section?: string;
	readonly children?: readonly Entry[];
	load?(): Promise<{ readonly default: Command }>;
}

export const summary = "A container overlay network for more than one host";

const network: readonly Entry[] = [
	{ name: "connect", summary: "Connect a container to a network", load: () => import("./commands/network/connect.ts") },
	{ name: "create", summary: "Create a network", load: () => import("./commands/network/create.ts") },
	{
		name: "disconnect",
		summary: "Disconnect a container from a network",
		load: () => import("./commands/network/disconnect.ts"),
	},
	{ name: "inspect", summary: "Show networks in full", load: () => import("./commands/network/inspect.ts") },
	{ name: "ls", aliases: ["list"], summary: "List networks", load: () => import("./commands/network/ls.ts") },
	{
		name: "prune",
		summary: "Remove all networks without endpoints",
		load: () => import("./commands/network/prune.ts"),
	},
	{ name: "rm", aliases: ["remove"], summary: "Remove networks", load: () => import("./commands/network/rm.ts") },
];

const host: readonly Entry[] = [
	{
		name: "forget",
		summary: "Take hosts that are dead out of the cluster",
		load: () => import("./commands/host/forget.ts"),
	},
];

const store: readonly Entry[] = [
	{ name: "backup", summary: "Write all of it to a file", load: () => import("./commands/store/backup.ts") },
	{
		name: "check",
		summary: "Find what contradicts itself, and mend it",
		load: () => import("./commands/store/check.ts"),
	},
	{ name: "migrate", summary: "Move it to another store", load: () => import("./commands/store/migrate.ts") },
	{
		name: "recover",
		summary: "Go on from this host's memory, when the store is lost",
		load: () => import("./commands/store/recover.ts"),
	},
	{ name: "restore", summary: "Put a backup in its place", load: () => import("./commands/store/restore.ts") },
];

const lab: readonly Entry[] = [
	{ name: "up", summary: "Make hosts in namespaces of this machine", load: () => import("./commands/lab/up.ts") },
	{ name: "ls", summary: "List the hosts", load: () => import("./commands/lab/ls.ts") },
	{ name: "exec", summary: "Run a command on a host", load: () => import("./commands/lab/exec.ts") },
	{
		name: "partition",
		summary: "Cut the underlay between two hosts",
		load: () => import("./commands/lab/partition.ts"),
	},
	{ name: "heal", summary: "Mend all cuts", load: () => import("./commands/lab/heal.ts") },
	{ name: "kill", summary: "Power a host off", load: () => import("./commands/lab/kill.ts") },
	{ name: "start", summary: "Boot a host again", load: () => import("./commands/lab/start.ts") },
	{ name: "down", summary: "Remove the lab", load: () => import("./commands/lab/down.ts") },
];

/** Every verb. `weft completion`, the help and the command line are made from it. */
export const registry: readonly Entry[] = [
	{
		name: "launch",
		section: "Cluster",
		summary: "Make this host a member and start its agent",
		load: () => import("./commands/launch.ts"),
	},
	{
		name: "status",
		section: "Cluster",
		summary: "Show how the agent and its host are",
		load: () => import("./commands/status.ts"),
	},
	{
		name: "hosts",
		section: "Cluster",
		summary: "List the hosts of the cluster",
		load: () => import("./commands/hosts.ts"),
	},
	{ name: "host", section: "Cluster", summary: "Forget hosts that are dead", children: host },
	{
		name: "token",
		section: "Cluster",
		summary: "Make a token that lets one more host join",
		load: () => import("./commands/token.ts"),
	},
	{
		name: "events",
		section: "Cluster",
		summary: "Show what happens, as it happens",
		load: () => import("./commands/events.ts"),
	},
	{ name: "store", section: "Cluster", summary: "Look after the cluster's state", children: store },
	{ name: "network", section: "Networks", summary: "Create, list and connect networks", children: network },
	{
		name: "attach",
		section: "Networks",
		summary: "Connect a process that weft did not start",
		load: () => import("./commands/attach.ts"),
	},
	{
		name: "detach",
		section: "Networks",
		summary: "Disconnect what was attached",
		load: () => import("./commands/detach.ts"),
	},
	{
		name: "run",
		section: "Containers",
		summary: "Run a command in a new container",
		load: () => import("./commands/run.ts"),
	},
	{
		name: "ps",
		section: "Containers",
		summary: "List containers of this host",
		load: () => import("./commands/ps.ts"),
	},
	{
		name: "exec",
		section: "Containers",
		summary: "Run a command in a running container",
		load: () => import("./commands/exec.ts"),
	},
	{
		name: "logs",
		section: "Containers",
		summary: "Show what a container wrote",
		load: () => import("./commands/logs.ts"),
	},
	{
		name: "start",
		section: "Containers",
		summary: "Start containers that have ended",
		load: () => import("./commands/start.ts"),
	},
	{ name: "stop", section: "Containers", summary: "Stop running containers", load: () => import("./commands/stop.ts") },
	{ name: "rm", section: "Containers", summary: "Remove containers", load: () => import("./commands/rm.ts") },
	{
		name: "inspect",
		section: "Containers",
		summary: "Show containers or networks in full",
		load: () => import("./commands/inspect.ts"),
	},
	{ name: "lab", section: "Trying out", summary: "Several hosts on this machine", children: lab },
	{
		name: "demo",
		section: "Trying out",
		summary: "Show the main job, step by step",
		load: () => import("./commands/demo.ts"),
	},
	{
		name: "completion",
		section: "Other",
		summary: "Print the completion script of a shell",
		load: () => import("./commands/completion.ts"),
	},
	{ name: "version", section: "Other", summary: "Show the version", load: () => import("./commands/version.ts") },
	{
		name: "agent",
		hidden: true,
		summary: "Be the agent, in the foreground",
		load: () => import("./commands/agent.ts"),
	},
	{ name: "names", hidden: true, summary: "Be the DNS process", load: () => import("./commands/names.ts") },
	{
		name: "complete",
		hidden: true,
		summary: "Answer a shell's completion",
		load: () => import("./commands/complete.ts"),
	},
];

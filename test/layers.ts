/** The house as data: which folder of src/ may import which, and why not. `layers.test.ts` holds src/ against it. */

/** Imports go to lower numbers only; type-only ones count. */
export const levels: Readonly<Record<string, number>> = {
	lib: 0,
	model: 0,
	ipam: 1,
	dns: 1,
	drivers: 1,
	plan: 1,
	store: 2,
	kernel: 2,
	sandbox: 2,
	control: 3,
	reconcile: 3,
	agent: 4,
	names: 4,
	api: 4,
	client: 4,
	cli: 5,
	plugins: 5,
	web: 5,
	lab: 5,
};

/** Folders that compute and nothing else. */
export const pureLevel = 1;

export const levelReason =
	"imports go to lower levels only, so that each room can be read, tested and replaced without those above it";
export const siblingReason = "rooms of one level do not know each other: they meet in the model, or one level up";

/** A way between rooms that the levels alone forbid. `path` is below src/. */
interface Passage {
	readonly from: RegExp;
	readonly to: RegExp;
	/** Only by `import()`, so that it costs nothing until it is walked. */
	readonly lazy?: boolean;
	readonly reason: string;
}

export const passages: readonly Passage[] = [
	{ from: /./, to: /^\.\.\/package\.json$/, reason: "the version stands in one place" },
	{ from: /^model\//, to: /^lib\//, reason: "lib knows no domain; the model may be written with it" },
	{ from: /^agent\//, to: /^(api|client)\//, reason: "the agent wires everything" },
	{
		from: /^sandbox\/(execute|conmon)\.ts$/,
		to: /^kernel\/spawn\.ts$/,
		reason: "Node's own way of starting programs holds the agent up for 5 to 10 ms each time",
	},
	{ from: /^agent\//, to: /^names\/control-client\.ts$/, reason: "the agent tells the DNS process what it may answer" },
	{ from: /^client\//, to: /^api\//, reason: "the client is typed by the API" },
	{
		from: /^cli\/commands\/(lab\/|demo\.ts$)/,
		to: /^lab\//,
		reason: "these verbs are the lab's own, and loaded only when they run",
	},
	{ from: /^cli\//, to: /^lab\//, lazy: true, reason: "lab and demo are verbs, and no other verb pays for them" },
];

/** A way that the levels would allow. */
interface Ban {
	readonly from: RegExp;
	readonly to: RegExp;
	/** Banned even as `import()`. */
	readonly evenLazy: boolean;
	readonly reason: string;
}

export const bans: readonly Ban[] = [
	{
		from: /^(?!agent\/)/,
		to: /^(agent|names)\//,
		evenLazy: false,
		reason:
			"agent and names are programs, not libraries: only the command that becomes one of them loads it, with import()",
	},
	{
		from: /^(control|reconcile)\//,
		to: /^kernel\/(?!kernel\.ts$)|^store\/(?!store\.ts$)/,
		evenLazy: true,
		reason: "control and reconcile take the store and the kernel as interfaces, so that tests give them fakes",
	},
];

/** Packages and node: modules that belong to few files. What is not listed is free from level 2 up. */
interface Outside {
	readonly module: RegExp;
	readonly allowed: RegExp;
	readonly reason: string;
}

export const outside: readonly Outside[] = [
	{
		module: /^koffi$/,
		allowed: /^kernel\/libc\//,
		reason: "a wrong signature corrupts memory: all of them stand in one folder",
	},
	{
		module: /^(@connectrpc\/|@bufbuild\/)/,
		allowed: /^store\/(etcd|serve|gen)\b/,
		reason: "a store's client library is known to that store's files only, and its errors are translated there",
	},
	{ module: /^node:sqlite$/, allowed: /^store\/sqlite\b/, reason: "as for any store's client library" },
	{
		module: /^(hono|@hono\/.*)$/,
		allowed: /^(api|client)\//,
		reason: "only the API speaks HTTP; 35 ms of start-up that no verb should pay",
	},
	{
		module: /^zod$/,
		allowed: /^(api|agent|names|store)\//,
		reason: "validation is for what comes in over a socket; 65 ms of start-up that no verb should pay",
	},
	{ module: /^pino$/, allowed: /^(agent|names)\//, reason: "only the long-running processes keep a log" },
	{
		module: /^(@peculiar\/x509|reflect-metadata)$/,
		allowed: /^agent\//,
		reason: "certificates are made by the agent alone",
	},
	{
		module: /^ip-address$/,
		allowed: /^(model|ipam|dns|drivers|plan)\//,
		reason: "addresses are parsed in the model, once",
	},
	{
		module: /^node:child_process$/,
		allowed: /^(agent|cli|lab|plugins)\//,
		reason: "no process is started for a network operation",
	},
	{ module: /^(fast-check|dns-packet)$/, allowed: /^$/, reason: "a tool of tests" },
];

/** What pure rooms may use beside levels 0 and 1. */
export const purePackages = /^ip-address$/;
export const pureReason = "pure rooms compute: what they need comes in as an argument";

/** What would make a pure function answer differently tomorrow. */
export const impurities: readonly { readonly text: RegExp; readonly reason: string }[] = [
	{ text: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\./, reason: "no clock: the time comes in as an argument" },
	{
		text: /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/,
		reason: "no random source: it comes in as an argument",
	},
	{ text: /\bprocess\./, reason: "no environment: settings come in as arguments" },
	{
		text: /\bset(Timeout|Interval|Immediate)\b|\bfetch\(/,
		reason: "no timers and no network: a pure function returns",
	},
];

/** Where each new driver, store and verb must be named. `member` tells one from its helpers. */
export const registries: readonly { readonly folder: string; readonly registry: string; readonly member: RegExp }[] = [
	{ folder: "drivers", registry: "drivers/registry.ts", member: /^export const \w+: Driver\b/m },
	{ folder: "store", registry: "store/registry.ts", member: /^export (async )?function open\w+\(/m },
	{ folder: "cli/commands", registry: "cli/registry.ts", member: /^export (default|const)\b/m },
];

/** Longer files are two things in one. The goal is 200. */
export const maxFileLines = 400;

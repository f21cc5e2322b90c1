import { join, resolve } from "node:path";
import { styleText } from "node:util";
import type { LaunchStep, StoreFlags } from "../../model/launch.ts";
import { command } from "../command.ts";
import { type Io, note, print } from "../io.ts";
import { runDirDefault, stateDirDefault } from "../places.ts";
import { untilStopped } from "../until-stopped.ts";
import { readSpan } from "../usage-error.ts";

export default command({
	operands: [],
	flags: {
		join: { type: "string", value: "TOKEN", help: "Join the cluster that made this token (weft token)" },
		store: {
			type: "string",
			value: "URL",
			help: "Where the cluster's state is: sqlite:, etcd://a:2379,b:2379, consul://a:8500; over TLS etcds://, consuls://",
		},
		"store-ca": { type: "string", value: "FILE", help: "Who signed the store's certificate (PEM)" },
		"store-cert": { type: "string", value: "FILE", help: "What this host shows to the store (PEM)" },
		"store-key": { type: "string", value: "FILE", help: "The private key of --store-cert (PEM)" },
		"store-user": { type: "string", value: "NAME", help: "A user of etcd" },
		"store-password-file": { type: "string", value: "FILE", help: "The password of --store-user" },
		"store-token-file": { type: "string", value: "FILE", help: "An ACL token of Consul" },
		"advertise-addr": { type: "string", value: "IP", help: "The address that other hosts reach this one at" },
		name: { type: "string", value: "NAME", help: "The host's name in the cluster; its hostname when omitted" },
		lease: { type: "string", value: "SPAN", help: "How long it may be silent before its names hide: 10s when omitted" },
		grace: { type: "string", value: "SPAN", help: "How long its addresses are kept then: 60s when omitted" },
		"state-dir": { type: "string", default: stateDirDefault, value: "DIR", help: "Identity, certificates, databases" },
		"run-dir": { type: "string", default: runDirDefault, value: "DIR", help: "Sockets" },
		foreground: { type: "boolean", help: "Be the agent, with its log on stderr, until SIGTERM" },
	},
	details:
		"Settings are remembered: launch without flags starts the agent again as it was. What the --store-… files hold is copied into the state folder. Running containers are not touched.",
	root: "it changes network devices",
	examples: [
		{ type: "weft launch", does: "Start a cluster, with the embedded store on this host" },
		{ type: "weft launch --join TOKEN", does: "Join it from the next host" },
		{ type: "weft launch --store etcd://10.0.0.5:2379", does: "Stand on an etcd of your own" },
		{
			type: "weft launch --store etcds://etcd1,etcd2,etcd3 --store-ca ca.crt --store-user weft --store-password-file password",
			does: "Of three members, over TLS, as a user of it",
		},
		{
			type: "weft launch --store consuls://consul1,consul2 --store-ca ca.crt --store-token-file token",
			does: "On a Consul, over TLS, by an ACL token",
		},
	],
	async run({ flags, io }) {
		const storeFlags = storeFlagsOf(flags);
		const { launch } = await import("../../agent/launch.ts");
		const { next, ended } = await launch(
			{
				...(flags.join === undefined ? {} : { join: flags.join }),
				...(flags.store === undefined ? {} : { store: flags.store }),
				...(Object.keys(storeFlags).length === 0 ? {} : { storeFlags }),
				...(flags["advertise-addr"] === undefined ? {} : { advertiseAddr: flags["advertise-addr"] }),
				...(flags.name === undefined ? {} : { name: flags.name }),
				...(flags.lease === undefined ? {} : { leaseSeconds: readSpan("--lease", flags.lease) }),
				...(flags.grace === undefined ? {} : { graceSeconds: readSpan("--grace", flags.grace) }),
				stateDir: resolve(flags["state-dir"]),
				runDir: resolve(flags["run-dir"]),
				// The agent has another working directory.
				socketPath: resolve(io.env["WEFT_SOCKET"] || join(flags["run-dir"], "weft.sock")),
				...(flags.foreground ? { foreground: untilStopped(io) } : {}),
			},
			(step) => report(io, step),
		);
		note(io, `\nnext:\n${next.map((line) => `  ${line}`).join("\n")}`);
		await ended;
	},
});

/** The agent has another working directory. */
function storeFlagsOf(flags: Readonly<Record<string, unknown>>): StoreFlags {
	const path = (name: string) => {
		const value = flags[`store-${name}`];
		return typeof value === "string" ? resolve(value) : undefined;
	};
	const user = flags["store-user"];
	const given = {
		ca: path("ca"),
		cert: path("cert"),
		key: path("key"),
		user: typeof user === "string" ? user : undefined,
		passwordFile: path("password-file"),
		tokenFile: path("token-file"),
	};
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const marks = { ok: ["green", "✓"], warning: ["yellow", "!"], failed: ["red", "✗"] } as const;

function report(io: Io, { subject, outcome, detail, fix }: LaunchStep): void {
	const [colour, mark] = marks[outcome];
	const shown = io.stdout.isTTY === true ? styleText(colour, mark) : mark;
	print(io, `${shown} ${subject.padEnd(12)}${detail}`);
	if (fix !== undefined) print(io, `  ${"".padEnd(12)}fix: ${fix}`);
}

/** How `weft launch` and `weft agent` are told what to start. Omitted settings come from the state folder, else from defaults. */
export interface LaunchOptions {
	/** A token of another agent: join its cluster. */
	readonly join?: string;
	/** "sqlite:", "etcd://a,b,c", "consul://a,b,c", with TLS "etcds:" and "consuls:"; the embedded store when omitted. */
	readonly store?: string;
	readonly storeFlags?: StoreFlags;
	/** The address that other hosts reach this one at: VTEP and agent. Chosen from the default route when omitted. */
	readonly advertiseAddr?: string;
	/** The host's name in the cluster; its hostname when omitted. */
	readonly name?: string;
	/** How long the host may be silent before it is taken for dead: 10 when omitted. */
	readonly leaseSeconds?: number;
	/** How long its containers keep their addresses then: 60 when omitted. */
	readonly graceSeconds?: number;
	/** Identity, certificates, databases: survives a reboot. */
	readonly stateDir: string;
	/** Sockets, containers: gone after a reboot. */
	readonly runDir: string;
	/** The API's unix socket. */
	readonly socketPath: string;
	/** Be the agent, instead of starting one, until this aborts. */
	readonly foreground?: AbortSignal;
}

/** What a store of the user's own wants to be shown: paths of files, absolute, and a name. Omitted ones stay as they were. */
export interface StoreFlags {
	readonly ca?: string;
	readonly cert?: string;
	readonly key?: string;
	readonly user?: string;
	readonly passwordFile?: string;
	readonly tokenFile?: string;
}

/** One finding of the launch, told as soon as it is known. */
export interface LaunchStep {
	/** What was looked at: "address", "MTU", "token", "agent", or the name of a host that the way to was tested. */
	readonly subject: string;
	readonly outcome: "ok" | "warning" | "failed";
	readonly detail: string;
	readonly fix?: string;
}

export type LaunchReport = (step: LaunchStep) => void;

/** How it ended. `next` are the commands to type now. */
export interface Launched {
	readonly pid: number;
	readonly next: readonly string[];
	/** In the foreground: settles when the agent has ended. */
	readonly ended?: Promise<void>;
}

import { join } from "node:path";

/** Where an agent keeps its things. `stateDir` survives a reboot, `runDir` does not. */
export interface Paths {
	readonly stateDir: string;
	readonly runDir: string;
}

export const paths = {
	/** The host's own database: identity, sandboxes, the copy of what it knows of the cluster. */
	localDb: ({ stateDir }: Paths) => join(stateDir, "local.db"),
	/** The cluster's store, on the host that embeds it. */
	storeDb: ({ stateDir }: Paths) => join(stateDir, "store.db"),
	/** What the cluster's store wants to be shown, where it is one of the user's own. */
	storeCredentials: ({ stateDir }: Paths) => join(stateDir, "store-credentials.json"),
	pki: ({ stateDir }: Paths) => join(stateDir, "pki"),
	/** What is to be in its place when this host's own store is the cluster's. */
	pkiNext: ({ stateDir }: Paths) => join(stateDir, "pki.next"),
	/** What was there before. */
	pkiFormer: ({ stateDir }: Paths) => join(stateDir, "pki.former"),
	containers: ({ stateDir }: Paths) => join(stateDir, "containers"),
	agentLog: ({ stateDir }: Paths) => join(stateDir, "agent.log"),
	namesLog: ({ stateDir }: Paths) => join(stateDir, "names.log"),
	namesSocket: ({ runDir }: Paths) => join(runDir, "names.sock"),
	namesPicture: ({ runDir }: Paths) => join(runDir, "names.json"),
} as const;

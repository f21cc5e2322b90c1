/** One call of the API. `{ref}` in the path stands for the name or id of what is meant. */
export interface Route {
	readonly method: "GET" | "POST" | "DELETE";
	readonly path: string;
	/** Answers lines of JSON (NDJSON) as they come; an error amid them is a last line `{"error": ErrorBody}`. */
	readonly streams?: true;
	/** Answers 201. */
	readonly creates?: true;
}

/** Every call of the API, by the method of `Service` that it stands for: the server and the client are both made from it. */
export const routes = {
	status: { method: "GET", path: "/v1/status" },
	hosts: { method: "GET", path: "/v1/hosts" },
	forgetHost: { method: "DELETE", path: "/v1/hosts/{ref}" },
	testPaths: { method: "POST", path: "/v1/hosts/test-paths" },
	createToken: { method: "POST", path: "/v1/tokens", creates: true },
	attach: { method: "POST", path: "/v1/attachments", creates: true },
	detach: { method: "DELETE", path: "/v1/attachments/{ref}" },
	events: { method: "GET", path: "/v1/events", streams: true },

	checkStore: { method: "POST", path: "/v1/store/check" },
	backupStore: { method: "GET", path: "/v1/store/backup", streams: true },
	beginRestore: { method: "POST", path: "/v1/store/restore/begin", creates: true },
	putRecords: { method: "POST", path: "/v1/store/restore/records" },
	endRestore: { method: "POST", path: "/v1/store/restore/end" },
	migrateStore: { method: "POST", path: "/v1/store/migrate", streams: true },
	abortMove: { method: "POST", path: "/v1/store/migrate/abort" },
	recoverStore: { method: "POST", path: "/v1/store/recover" },
	joinStore: { method: "POST", path: "/v1/store/join" },

	listNetworks: { method: "GET", path: "/v1/networks" },
	createNetwork: { method: "POST", path: "/v1/networks", creates: true },
	inspectNetwork: { method: "GET", path: "/v1/networks/{ref}" },
	removeNetwork: { method: "DELETE", path: "/v1/networks/{ref}" },
	connectNetwork: { method: "POST", path: "/v1/networks/{ref}/connect" },
	disconnectNetwork: { method: "POST", path: "/v1/networks/{ref}/disconnect" },
	pruneNetworks: { method: "POST", path: "/v1/networks/prune" },

	listContainers: { method: "GET", path: "/v1/containers" },
	createContainer: { method: "POST", path: "/v1/containers", creates: true },
	inspectContainer: { method: "GET", path: "/v1/containers/{ref}" },
	removeContainer: { method: "DELETE", path: "/v1/containers/{ref}" },
	startContainer: { method: "POST", path: "/v1/containers/{ref}/start" },
	stopContainer: { method: "POST", path: "/v1/containers/{ref}/stop" },
	killContainer: { method: "POST", path: "/v1/containers/{ref}/kill" },
	waitContainer: { method: "POST", path: "/v1/containers/{ref}/wait" },
	execContainer: { method: "POST", path: "/v1/containers/{ref}/exec" },
	containerConsole: { method: "POST", path: "/v1/containers/{ref}/console" },
	containerLogs: { method: "GET", path: "/v1/containers/{ref}/logs", streams: true },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

/** The media type of streams. */
export const ndjson = "application/x-ndjson";

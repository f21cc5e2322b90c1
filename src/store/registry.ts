/** Every store, by the scheme of its URL. A store's code, and its client's, is loaded only where it is used. */
export const stores = {
	/** Embedded, durable. */
	sqlite: () => import("./sqlite.ts"),
	/** A real etcd. */
	etcd: () => import("./etcd.ts"),
	/** The key-value store of a real Consul. */
	consul: () => import("./consul.ts"),
	/** The embedded store of another agent: the same protocol, over TLS. */
	weft: () => import("./etcd.ts"),
} as const;

import { openRemoteStore } from "../../../src/agent/remote-store.ts";
import { underlay } from "../../../src/lab/names.ts";

/** Runs on a host of the lab that is no store's host: prints what the cluster's store holds, but for what rests or says when. */
const store = await openRemoteStore(`weft://${underlay.address(1)}:4790`, {
	stateDir: "/var/lib/weft",
	runDir: "/run/weft",
});
const { entries } = await store.list("");
const lasting = entries.filter(
	({ key, value }) =>
		!/^(locks|activity|paths)\//.test(key) && !(key.startsWith("ipam/") && value.includes("releasedAt")),
);
process.stdout.write(lasting.map(({ key, value }) => `${key} ${value}\n`).join(""), () => process.exit());

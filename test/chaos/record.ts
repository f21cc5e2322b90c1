import { openRemoteStore } from "../../src/agent/remote-store.ts";
import { underlay } from "../../src/lab/names.ts";
import { isWeftError } from "../../src/model/error.ts";

/** Runs on a host of a lab: prints all that the cluster's store holds, and then each change of it, as lines of JSON. */
const store = await openRemoteStore(`weft://${underlay.address(1)}:4790`, {
	stateDir: "/var/lib/weft",
	runDir: "/run/weft",
});
const never = new AbortController().signal;

const print = (line: unknown) => void process.stdout.write(`${JSON.stringify(line)}\n`);

for (;;) {
	const snapshot = await store.list("");
	print({ snapshot });
	try {
		for await (const batch of store.watch("", snapshot, never)) print({ batch });
	} catch (error) {
		if (!isWeftError(error, "STORE_CURSOR_LOST")) throw error;
	}
}

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { needs } from "../../test/needs.ts";
import type { ErrorBody } from "../model/error.ts";

const skip = needs("root");

/** Runs in a user namespace of its own, whose limits are nobody else's. @returns What `createNetns()` refused, and what is then there. */
function createBeyond(settings: string): { refused: ErrorBody; left: readonly string[] } {
	const script = `
		import { readdirSync } from "node:fs";
		import { createNetns } from "${new URL("netns.ts", import.meta.url).href}";
		createNetns("one");
		try {
			for (let n = 0; n < 3; n++) createNetns(\`more\${n}\`);
		} catch (error) {
			const known = readdirSync("/run/netns");
			console.log(JSON.stringify({ refused: error.toBody(), left: known }));
		}`;
	const within = `mount -t tmpfs tmpfs /run && ${settings} && exec "$0" --input-type=module --eval "$1"`;
	const apart = ["--user", "--map-root-user", "--mount", "--net", "sh", "-c", within, process.execPath, script];
	return JSON.parse(execFileSync("unshare", apart, { encoding: "utf8", timeout: 20_000 })) as ReturnType<
		typeof createBeyond
	>;
}

test("createNetns() names the limit that it meets, and leaves nothing behind", { skip }, () => {
	// The one that unshare made counts, too.
	const { refused, left } = createBeyond("echo 3 >/proc/sys/user/max_net_namespaces");
	assert.equal(refused.code, "KERNEL_LIMIT");
	assert.equal(
		refused.message,
		"Cannot make network namespace more1: there are as many network namespaces as the kernel allows: 3 (user.max_net_namespaces)",
	);
	assert.equal(refused.fix, "a higher sysctl -w user.max_net_namespaces=N");
	assert.deepEqual(left, ["more0", "one"]);
});

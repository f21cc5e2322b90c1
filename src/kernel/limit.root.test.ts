import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { needs } from "../../test/needs.ts";
import type { ErrorBody } from "../model/error.ts";

const skip = needs("root");

/** Runs a script in a user namespace of its own, whose limits are nobody else's. @returns The JSON that it prints. */
function runWith(limit: string, most: number, script: string): unknown {
	const within = `mount -t tmpfs tmpfs /run && echo ${most} >/proc/sys/user/${limit} && exec "$0" --input-type=module --eval "$1"`;
	const apart = ["--user", "--map-root-user", "--mount", "--net", "sh", "-c", within, process.execPath, script];
	return JSON.parse(execFileSync("unshare", apart, { encoding: "utf8", timeout: 20_000 }));
}

const place = (file: string) => new URL(file, import.meta.url).href;

test("createNetns() names the limit that it meets, and leaves nothing behind", { skip }, () => {
	// The one that unshare made counts, too.
	const { refused, left } = runWith(
		"max_net_namespaces",
		3,
		`import { readdirSync } from "node:fs";
		import { createNetns } from "${place("netns.ts")}";
		try {
			for (let n = 1; n < 5; n++) createNetns(\`one\${n}\`);
		} catch (error) {
			console.log(JSON.stringify({ refused: error.toBody(), left: readdirSync("/run/netns") }));
		}`,
	) as { refused: ErrorBody; left: string[] };
	assert.equal(refused.code, "KERNEL_LIMIT");
	assert.equal(
		refused.message,
		"Cannot make network namespace one3: there are as many network namespaces as the kernel allows: 3 (user.max_net_namespaces)",
	);
	assert.equal(refused.fix, "a higher sysctl -w user.max_net_namespaces=N");
	assert.deepEqual(left, ["one1", "one2"]);
});

for (const [limit, setting] of [
	["max_inotify_instances", "fs.inotify.max_user_instances"],
	["max_inotify_watches", "fs.inotify.max_user_watches"],
] as const)
	test(`watchLimitReached() names ${setting} when that is used up`, { skip }, () => {
		const refused = runWith(
			limit,
			0,
			`import { watch } from "node:fs";
			import { watchLimitReached } from "${place("limit.ts")}";
			try {
				watch("/run");
			} catch (error) {
				console.log(JSON.stringify(watchLimitReached("Cannot watch it", error)?.toBody()));
			}`,
		) as ErrorBody;
		assert.equal(refused.code, "KERNEL_LIMIT");
		assert.match(refused.message, new RegExp(`^Cannot watch it: .* \\(${setting.replaceAll(".", "\\.")}\\)$`));
	});

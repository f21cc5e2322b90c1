import assert from "node:assert/strict";
import { test } from "node:test";
import { runcRefusal } from "./refusal.ts";

const task = 'Cannot start container "web"';
const logged = (words: string) => `time="2026-11-25T03:19:42Z" level=error msg=${JSON.stringify(words)}`;

test("runcRefusal() says which program the root does not have", () => {
	const words =
		'runc create failed: unable to start container process: exec: "nosuch": executable file not found in $PATH';
	const { code, message, cause } = runcRefusal(task, "nosuch", logged(words));
	assert.equal(code, "COMMAND_NOT_FOUND");
	assert.equal(message, 'Cannot start container "web": its root has no program "nosuch"');
	assert.equal(cause, words);
	const script = runcRefusal(task, "/run.sh", "exec failed: exec /run.sh: no such file or directory");
	assert.equal(script.code, "COMMAND_NOT_FOUND");
	const path = runcRefusal(task, "/no/such", 'exec: "/no/such": stat /no/such: no such file or directory');
	assert.equal(path.code, "COMMAND_NOT_FOUND");
});

test("runcRefusal() tells a program that cannot be executed", () => {
	const { code, message } = runcRefusal(task, "/etc", 'exec: "/etc": permission denied');
	assert.equal(code, "COMMAND_NOT_EXECUTABLE");
	assert.equal(message, 'Cannot start container "web": "/etc" is no program that can be executed');
});

test("runcRefusal() passes on what it does not know", () => {
	const words = "mkdir /etc/passwd: not a directory";
	const { code, cause } = runcRefusal(task, "pwd", `${words}\n`);
	assert.deepEqual([code, cause], ["SANDBOX_FAILED", words]);
});

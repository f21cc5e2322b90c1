import assert from "node:assert/strict";
import { closeSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bind, MSG_DONTWAIT, recv, socket } from "./libc/socket.ts";
import { serviceManager } from "./sd-notify.ts";

/** @returns What a manager that listens at `path` hears of `state`. */
function heard(path: string, bytes: Buffer, state: string): string {
	const fd = socket(1, 2, 0);
	try {
		bind(fd, Buffer.concat([Buffer.from([1, 0]), bytes]));
		const env = { NOTIFY_SOCKET: path };
		serviceManager(env).tell(state);
		assert.deepEqual(env, {}, "a child would inherit it");
		const into = Buffer.alloc(256);
		return into.subarray(0, recv(fd, into, MSG_DONTWAIT)).toString();
	} finally {
		closeSync(fd);
	}
}

test("serviceManager() tells a manager by a path, and in the abstract namespace", () => {
	const folder = mkdtempSync(join(tmpdir(), "weft-notify-"));
	try {
		const path = join(folder, "notify");
		assert.equal(heard(path, Buffer.from(`${path}\0`), "READY=1"), "READY=1");
		const abstract = `weft-test-${process.pid}`;
		assert.equal(heard(`@${abstract}`, Buffer.from(`\0${abstract}`), "STOPPING=1"), "STOPPING=1");
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("serviceManager() says nothing without a manager, and bears one that is gone", () => {
	serviceManager({}).tell("READY=1");
	serviceManager({ NOTIFY_SOCKET: "/nonexistent/notify" }).tell("READY=1");
});

test("serviceManager().watch() tells more often than the manager wants to know, until it is ended", async () => {
	const folder = mkdtempSync(join(tmpdir(), "weft-notify-"));
	const path = join(folder, "notify");
	const fd = socket(1, 2, 0);
	try {
		bind(fd, Buffer.concat([Buffer.from([1, 0]), Buffer.from(`${path}\0`)]));
		const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "100000", WATCHDOG_PID: "1" };
		const end = serviceManager(env).watch();
		assert.deepEqual(env, {}, "a child would inherit it");
		const into = Buffer.alloc(256);
		for (let n = 0; n < 2; n++) {
			await sleep(80);
			assert.equal(into.subarray(0, recv(fd, into, MSG_DONTWAIT)).toString(), "WATCHDOG=1");
		}
		end();
	} finally {
		closeSync(fd);
		rmSync(folder, { recursive: true });
	}
});

test("serviceManager().watch() holds nobody up where nobody wants to know", () => {
	serviceManager({}).watch()();
	serviceManager({ NOTIFY_SOCKET: "/nonexistent/notify" }).watch()();
});

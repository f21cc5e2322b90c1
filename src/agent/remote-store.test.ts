import assert from "node:assert/strict";
import { test } from "node:test";
import { openRemoteStore } from "./remote-store.ts";

test("openRemoteStore() wants a certificate for weft://", async () => {
	const nowhere = { stateDir: "/nonexistent", runDir: "/nonexistent" };
	await assert.rejects(openRemoteStore("weft://10.0.0.1:4790", nowhere), { code: "CONFIG_INVALID" });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Container } from "../sandbox/container.ts";
import { bringUp } from "./bring-up.ts";
import type { Sandboxes } from "./sandboxes.ts";

const dir = mkdtempSync(join(tmpdir(), "weft-bring-up-"));
const left = join(dir, "left");
after(() => rmSync(dir, { recursive: true }));

/** @returns What is done to bring up a container that has ended, is to begin again, and has a sandbox. */
async function doneFor(): Promise<string[]> {
	const done: string[] = [];
	const note = (text: string) => async () => void done.push(text);
	const container = {
		id: "c1",
		spec: { id: "c1", name: "web", networks: [] },
		paths: { left },
		status: { state: "exited", exitCode: 1, startedAt: "", finishedAt: "" },
		isOver: false,
		renew: note("renew"),
		writeHosts: note("hosts"),
		start: note("start"),
	};
	const sandboxes = {
		ready: note("ready"),
		remove: note("remove"),
		add: note("add"),
		connect: async (_: unknown, { network, ip }: { network: string; ip: string }) => {
			done.push(`connect ${network} ${ip}`);
			return { ipAddress: ip };
		},
	};
	const view = { sandboxes: new Map([["c1", {}]]) };
	await bringUp(
		{ view } as unknown as Parameters<typeof bringUp>[0],
		sandboxes as unknown as Sandboxes,
		container as unknown as Container,
		note("note"),
	);
	return done;
}

test("bringUp() starts one that kept its networks in its place", async () => {
	assert.deepEqual(await doneFor(), ["renew", "note", "ready", "start"]);
});

test("bringUp() brings one back that an agent was killed over on its way into its networks", async () => {
	writeFileSync(left, JSON.stringify([{ network: "blue", ip: "10.0.0.3", aliases: [] }]));
	assert.deepEqual(await doneFor(), ["renew", "note", "remove", "add", "connect blue 10.0.0.3", "hosts", "start"]);
});

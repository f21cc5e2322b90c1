import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { noRestart } from "../model/restart.ts";
import { ContainerRuntime } from "./runtime.ts";
import { type ContainerSpec, containerPaths } from "./spec.ts";

const idOf = (n: number) => `${n}`.padStart(64, "0");

function specOf(id: string): ContainerSpec {
	return {
		id,
		name: `c${id.slice(-3)}`,
		hostname: "c",
		command: ["true"],
		env: [],
		workdir: "/",
		netns: "/run/netns/c",
		tty: false,
		stdin: false,
		autoRemove: false,
		restart: noRestart,
		networks: [{ network: "a", aliases: [] }],
		createdAt: "2026-01-01T00:00:00.000Z",
	};
}

const whole = JSON.stringify(specOf(idOf(1)));
/** What each file of a container may hold by an accident. */
const damage: readonly (readonly [keyof ReturnType<typeof containerPaths>, string])[] = [
	...["", "{", "null", "[]", "7", '"x"', "{}", whole.slice(0, 100), `${whole}${whole}`].map(
		(text) => ["spec", text] as const,
	),
	["spec", whole.replace('"command":["true"]', '"command":"true"')],
	["spec", whole.replace('"no"', '"sometimes"')],
	["spec", whole.replace('"aliases":[]', '"aliases":{}')],
	["spec", whole.replace("2026-01-01", "yesterday")],
	["spec", whole.replace(idOf(1), idOf(2))],
	...["", "null", '{"count":-1,"stopped":false,"begun":true}', '{"count":1}'].map((text) => ["record", text] as const),
	["started", "\0\0\0\0"],
];

async function withRuntime(
	prepare: (pathsOf: (id: string) => ReturnType<typeof containerPaths>) => void,
	check: (
		runtime: ContainerRuntime,
		pathsOf: (id: string) => ReturnType<typeof containerPaths>,
		told: unknown[],
	) => unknown,
): Promise<void> {
	const dir = mkdtempSync(join(tmpdir(), "weft-runtime-"));
	const dirs = { stateDir: join(dir, "state"), runDir: join(dir, "run") };
	const pathsOf = (id: string) => containerPaths(dirs, id);
	const told: unknown[] = [];
	try {
		prepare(pathsOf);
		const runtime = await ContainerRuntime.open(dirs, {
			onProcessEnd: () => () => {},
			onError: (error) => told.push(error),
		});
		await check(runtime, pathsOf, told);
		runtime.close();
	} finally {
		rmSync(dir, { recursive: true });
	}
}

function write({ dir, spec, upper }: ReturnType<typeof containerPaths>, id: string): void {
	mkdirSync(upper, { recursive: true });
	writeFileSync(join(upper, "work-of-years"), dir);
	writeFileSync(spec, JSON.stringify(specOf(id)));
}

for (const [file, text] of damage)
	test(`ContainerRuntime.open() leaves a container alone whose ${file} is ${JSON.stringify(text).slice(0, 40)}, names the file, and adopts the others`, () =>
		withRuntime(
			(pathsOf) => {
				for (const n of [0, 1, 3]) write(pathsOf(idOf(n)), idOf(n));
				writeFileSync(pathsOf(idOf(1))[file], text);
			},
			(runtime, pathsOf, told) => {
				const paths = pathsOf(idOf(1));
				assert.deepEqual(
					runtime.list().map(({ id }) => id),
					[idOf(0), idOf(3)],
				);
				const error = runtime.damaged.get(idOf(1));
				assert.equal(error?.code, "FILE_DAMAGED");
				assert.ok(error.message.includes(paths[file]), error.message);
				assert.deepEqual(told, [error]);
				assert.ok(runtime.has(idOf(1)));
				assert.equal(readFileSync(paths[file], "utf8"), text);
				assert.ok(existsSync(join(paths.upper, "work-of-years")));
			},
		));

test("ContainerRuntime.remove() removes a damaged one", () =>
	withRuntime(
		(pathsOf) => {
			write(pathsOf(idOf(1)), idOf(1));
			writeFileSync(pathsOf(idOf(1)).spec, "");
		},
		async (runtime, pathsOf) => {
			await runtime.remove(idOf(1));
			assert.equal(runtime.has(idOf(1)), false);
			assert.equal(existsSync(pathsOf(idOf(1)).dir), false);
		},
	));

test("ContainerRuntime.open() removes what was never finished, and nothing that is not weft's", () =>
	withRuntime(
		(pathsOf) => {
			write(pathsOf(idOf(1)), idOf(1));
			rmSync(pathsOf(idOf(1)).spec);
			mkdirSync(pathsOf("copy-of-my-container").upper, { recursive: true });
			writeFileSync(pathsOf("notes.txt").dir, "");
		},
		(runtime, pathsOf, told) => {
			assert.deepEqual([runtime.list(), told], [[], []]);
			assert.equal(existsSync(pathsOf(idOf(1)).dir), false);
			assert.ok(existsSync(pathsOf("copy-of-my-container").upper) && existsSync(pathsOf("notes.txt").dir));
		},
	));

test("a container whose exit code was lost ended as one that was killed", () =>
	withRuntime(
		(pathsOf) => {
			const paths = pathsOf(idOf(1));
			write(paths, idOf(1));
			mkdirSync(paths.exits, { recursive: true });
			writeFileSync(paths.exit, "");
			writeFileSync(paths.started, "2026-01-01T00:00:00.000Z");
		},
		(runtime) => {
			const status = runtime.get(idOf(1))?.status;
			assert.equal(status?.state === "exited" ? status.exitCode : undefined, 137);
		},
	));

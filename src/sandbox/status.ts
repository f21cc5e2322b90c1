import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../lib/whole-file.ts";
import { damagedFile, textOf } from "./container-file.ts";
import type { ContainerPaths, ContainerStatus } from "./spec.ts";

/** When and how a container ended. */
type Ending = Pick<Extract<ContainerStatus, { state: "exited" }>, "exitCode" | "finishedAt">;

/** Of one that ended when nobody looked: killed, or the machine went off. */
const unseenExitCode = 137;

/** @returns What a container's files and processes say: for an agent that starts anew. */
export async function readStatus(paths: ContainerPaths, id: string): Promise<ContainerStatus> {
	const startedAt = await textOf(paths.started);
	if (startedAt === undefined) return { state: "created" };
	if (Number.isNaN(Date.parse(startedAt))) throw damagedFile(paths.started, "it holds no time");
	const ending = await readEnding(paths);
	if (ending !== undefined) return { state: "exited", startedAt, ...ending };
	if (await isWaiting(paths, id)) {
		await rm(paths.started);
		return { state: "created" };
	}
	if ((await conmonPid(paths, id)) === undefined && (await mainPid(paths, id)) === undefined)
		return { state: "exited", startedAt, ...(await noteUnseenEnding(paths)) };
	return { state: "running", startedAt, pid: await pidIn(paths.pid) };
}

/** @returns How conmon says that it ended; undefined while it has not. */
export async function readEnding({ exit }: ContainerPaths): Promise<Ending | undefined> {
	const code = await textOf(exit);
	if (code === undefined) return undefined;
	// It may be removed just now.
	const noted = await stat(exit).catch(() => undefined);
	// conmon does not sync it: after a loss of power it may be empty.
	const exitCode = /^\d{1,3}\n?$/.test(code) ? Number(code) : unseenExitCode;
	return { exitCode, finishedAt: (noted?.mtime ?? new Date()).toISOString() };
}

/** Notes in conmon's place that a container ended, when conmon went before it. */
export async function noteUnseenEnding(paths: ContainerPaths): Promise<Ending> {
	await writeWhole(paths.exit, `${unseenExitCode}`);
	return { exitCode: unseenExitCode, finishedAt: new Date().toISOString() };
}

/** runc keeps this FIFO from the making of a container until its command begins. */
async function isWaiting({ runcRoot }: ContainerPaths, id: string): Promise<boolean> {
	return (await stat(join(runcRoot, id, "exec.fifo")).catch(() => undefined)) !== undefined;
}

/** @returns The pid of the container's conmon while it lives. A number alone says nothing: it may be another's by now. */
export async function conmonPid({ conmonPid }: ContainerPaths, id: string): Promise<number | undefined> {
	const pid = await textOf(conmonPid);
	// At its end it becomes `runc delete`, with the id as well.
	return pid !== undefined && (await textOf(`/proc/${pid}/cmdline`))?.includes(id) === true ? Number(pid) : undefined;
}

/** @returns The pid of the container's first process while it lives. */
export async function mainPid({ pid }: ContainerPaths, id: string): Promise<number | undefined> {
	const main = await textOf(pid);
	return main !== undefined && (await textOf(`/proc/${main}/cgroup`))?.includes(`/weft-${id}`) === true
		? Number(main)
		: undefined;
}

/** A pid that is none would be taken for any process. @throws {WeftError} FILE_DAMAGED */
async function pidIn(path: string): Promise<number> {
	const text = (await textOf(path)) ?? "";
	if (!/^[1-9]\d{0,9}\n?$/.test(text)) throw damagedFile(path, "it holds no process id");
	return Number(text);
}

import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../lib/whole-file.ts";
import type { ContainerPaths, ContainerStatus } from "./spec.ts";

/** When and how a container ended. */
type Ending = Pick<Extract<ContainerStatus, { state: "exited" }>, "exitCode" | "finishedAt">;

/** Of one that ended when nobody looked: killed, or the machine went off. */
const unseenExitCode = 137;

/** @returns What a container's files and processes say: for an agent that starts anew. */
export async function readStatus(paths: ContainerPaths, id: string): Promise<ContainerStatus> {
	const startedAt = await textOf(paths.started);
	if (startedAt === undefined) return { state: "created" };
	const ending = await readEnding(paths);
	if (ending !== undefined) return { state: "exited", startedAt, ...ending };
	if (await isWaiting(paths, id)) {
		await rm(paths.started);
		return { state: "created" };
	}
	if ((await conmonPid(paths, id)) === undefined && (await mainPid(paths, id)) === undefined)
		return { state: "exited", startedAt, ...(await noteUnseenEnding(paths)) };
	return { state: "running", startedAt, pid: Number(await textOf(paths.pid)) };
}

/** @returns How conmon says that it ended; undefined while it has not. */
export async function readEnding({ exit }: ContainerPaths): Promise<Ending | undefined> {
	const code = await textOf(exit);
	if (code === undefined) return undefined;
	// It may be removed just now.
	const noted = await stat(exit).catch(() => undefined);
	return { exitCode: Number(code), finishedAt: (noted?.mtime ?? new Date()).toISOString() };
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

async function textOf(path: string): Promise<string | undefined> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		// ESRCH: the process ended while its file was read.
		if (code === "ENOENT" || code === "ESRCH") return undefined;
		throw error;
	}
}

import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnProgram } from "../kernel/spawn.ts";
import { causeText, type WeftError } from "../model/error.ts";
import { execute } from "./execute.ts";
import { program } from "./programs.ts";
import { runcRefusal } from "./refusal.ts";
import type { ContainerPaths, ContainerSpec } from "./spec.ts";
import { conmonPid } from "./status.ts";

const startTimeoutMs = 30_000;
/** How long conmon may take to go, once its container has ended. */
const endTimeoutMs = 5_000;

/** Where a container's stdin comes from: nowhere, whoever attaches to conmon, or who writes to `paths.stdin` and ends it. */
export type Stdin = "none" | "conmon" | "fifo";

/**
 * Makes a container whose command waits: conmon has runc make it, and stays as its parent, whatever becomes of this process.
 * @throws {WeftError} PROGRAM_MISSING, and what `runcRefusal` says
 */
export async function prepareContainer(spec: ContainerSpec, paths: ContainerPaths, stdin: Stdin): Promise<void> {
	const [conmon, runc] = [program("conmon"), program("runc")];
	for (const dir of [paths.exits, paths.persist, paths.sockets]) await mkdir(dir, { recursive: true });
	await rm(paths.exit, { force: true });
	const fifo = stdin === "fifo" ? await stdinFifo(paths, runc) : undefined;
	const root = ["--root", paths.runcRoot];
	try {
		const said = await runConmon(conmon, [
			...["--api-version", "1", "-c", spec.id, "-u", spec.id, "-n", spec.name, "-b", paths.bundle],
			...["-r", fifo === undefined ? runc : paths.runtime],
			...["-P", paths.conmonPid, "-p", paths.pid, "-l", `k8s-file:${paths.log}`],
			...["--exit-dir", paths.exits, "--persist-dir", paths.persist, "--socket-dir-path", paths.sockets],
			...root.flatMap((arg) => ["--runtime-arg", arg]),
			...["--exit-command", runc],
			...[...root, "delete", "--force", spec.id].flatMap((arg) => ["--exit-command-arg", arg]),
			// Who leaves a terminal does not end what runs in it.
			...(spec.tty ? ["-t", "--leave-stdin-open"] : []),
			...(stdin === "conmon" ? ["-i"] : []),
		]);
		if (said.data === undefined || said.data <= 0) throw refused(spec, said.message ?? "conmon said nothing");
	} finally {
		await fifo?.close();
	}
}

/**
 * conmon 2.1.6 hangs when more comes to stdin than the container takes (seen with 1 MB and `sleep`), so what is piped into
 * a container comes by a FIFO of its own. A reader gets in once there is a writer: until the container has it open, that is this process.
 */
async function stdinFifo(paths: ContainerPaths, runc: string): Promise<FileHandle> {
	await rm(paths.stdin, { force: true });
	await execute(program("mkfifo"), ["-m", "600", paths.stdin]);
	const script = `#!/bin/sh\nexec ${runc} "$@" <"\${0%/*}/${basename(paths.stdin)}"\n`;
	await writeFile(paths.runtime, script, { mode: 0o700 });
	return open(paths.stdin, constants.O_RDWR);
}

/** Lets the command of a prepared container begin. @throws {WeftError} What `runcRefusal` says */
export async function startContainer(spec: ContainerSpec, { runcRoot }: ContainerPaths): Promise<void> {
	try {
		await execute(program("runc"), ["--root", runcRoot, "start", spec.id]);
	} catch (cause) {
		const said = causeText(cause);
		// The command began and has ended already: by then conmon has had runc forget the container, with what runc is to remove now.
		if (/remove .*\/exec\.fifo: no such file/.test(said)) return;
		throw refused(spec, said);
	}
}

/** Ends what runs of a container, and forgets it. One that is gone is no error. */
export async function deleteContainer(id: string, { runcRoot }: ContainerPaths): Promise<void> {
	const known = await stat(join(runcRoot, id)).catch(() => undefined);
	if (known === undefined) return;
	await execute(program("runc"), ["--root", runcRoot, "delete", "--force", id]);
}

/** Waits until conmon has gone, and ends it when it does not go. */
export async function conmonGone(paths: ContainerPaths, id: string): Promise<void> {
	const deadline = performance.now() + endTimeoutMs;
	for (;;) {
		const pid = await conmonPid(paths, id);
		if (pid === undefined) return;
		if (performance.now() > deadline) process.kill(pid, "SIGKILL");
		await sleep(5);
	}
}

/** conmon writes one line of JSON to the pipe that _OCI_SYNCPIPE names: `data` is the pid, once runc has made the container; negative when it refused. */
function runConmon(conmon: string, args: readonly string[]): Promise<{ data?: number; message?: string }> {
	const { promise, resolve } = Promise.withResolvers<{ data?: number; message?: string }>();
	const { outputs, kill } = spawnProgram(conmon, args, {
		env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", _OCI_SYNCPIPE: "3" },
		outputs: [2, 3],
	});
	const [errors, sync] = outputs;
	let [said, complaint] = ["", ""];
	errors?.on("data", (chunk) => {
		complaint += String(chunk);
	});
	const done = () => {
		clearTimeout(timer);
		// conmon keeps its ends as long as the container runs.
		for (const output of outputs) output.destroy();
		try {
			resolve(JSON.parse(said.split("\n")[0] ?? "") as { data?: number; message?: string });
		} catch {
			resolve({ message: complaint.trim() || said.trim() });
		}
	};
	const timer = setTimeout(() => {
		kill();
		done();
	}, startTimeoutMs);
	sync?.on("data", (chunk) => {
		said += String(chunk);
		if (said.includes("\n")) done();
	});
	sync?.once("end", done);
	return promise;
}

function refused({ name, command: [program = ""] }: ContainerSpec, said: string): WeftError {
	return runcRefusal(`Cannot start container "${name}"`, program, said);
}

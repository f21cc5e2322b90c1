import { execFile, execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { promisify } from "node:util";
import { causeText, type WeftError } from "../model/error.ts";
import { program } from "./programs.ts";
import { runcRefusal } from "./refusal.ts";
import type { ContainerPaths, ContainerSpec } from "./spec.ts";

const execute = promisify(execFile);
const startTimeoutMs = 30_000;

/** Where a container's stdin comes from: nowhere, whoever attaches to conmon, or who writes to `paths.stdin` and ends it. */
export type Stdin = "none" | "conmon" | "fifo";

/**
 * Makes a container whose command waits: conmon has runc make it, and stays as its parent, whatever becomes of this process.
 * @throws {WeftError} PROGRAM_MISSING, and what `runcRefusal` says
 */
export async function prepareContainer(spec: ContainerSpec, paths: ContainerPaths, stdin: Stdin): Promise<void> {
	const [conmon, runc] = [program("conmon"), program("runc")];
	using fifo = stdin === "fifo" ? stdinFifo(paths, runc) : undefined;
	for (const dir of [paths.exits, paths.persist, paths.sockets]) mkdirSync(dir, { recursive: true });
	rmSync(paths.exit, { force: true });
	const root = ["--root", paths.runcRoot];
	const said = await runConmon(conmon, [
		...["--api-version", "1", "-c", spec.id, "-u", spec.id, "-n", spec.name, "-b", paths.bundle],
		...["-r", fifo?.runtime ?? runc],
		...["-p", paths.pid, "-l", `k8s-file:${paths.log}`, "--exit-dir", paths.exits, "--persist-dir", paths.persist],
		...["--socket-dir-path", paths.sockets],
		...root.flatMap((arg) => ["--runtime-arg", arg]),
		...["--exit-command", runc],
		...[...root, "delete", "--force", spec.id].flatMap((arg) => ["--exit-command-arg", arg]),
		// Who leaves a terminal does not end what runs in it.
		...(spec.tty ? ["-t", "--leave-stdin-open"] : []),
		...(stdin === "conmon" ? ["-i"] : []),
	]);
	if (said.data === undefined || said.data <= 0) throw refused(spec, said.message ?? "conmon said nothing");
}

/**
 * conmon 2.1.6 hangs when more comes to stdin than the container takes (seen with 1 MB and `sleep`), so what is piped into
 * a container comes by a FIFO of its own. A reader gets in once there is a writer: until the container has it open, that is this process.
 */
function stdinFifo(paths: ContainerPaths, runc: string): { readonly runtime: string } & Disposable {
	rmSync(paths.stdin, { force: true });
	execFileSync(program("mkfifo"), ["-m", "600", paths.stdin]);
	const fd = openSync(paths.stdin, constants.O_RDWR);
	writeFileSync(paths.runtime, `#!/bin/sh\nexec ${runc} "$@" <"\${0%/*}/${basename(paths.stdin)}"\n`, { mode: 0o700 });
	return { runtime: paths.runtime, [Symbol.dispose]: () => closeSync(fd) };
}

/** Lets the command of a prepared container begin. @throws {WeftError} What `runcRefusal` says */
export async function startContainer(spec: ContainerSpec, paths: ContainerPaths): Promise<void> {
	// Said before it is so: the end of a short one is told before runc is back.
	writeFileSync(paths.started, new Date().toISOString());
	try {
		await execute(program("runc"), ["--root", paths.runcRoot, "start", spec.id], { timeout: startTimeoutMs });
	} catch (cause) {
		rmSync(paths.started, { force: true });
		throw refused(spec, causeText(cause));
	}
}

/** Ends a prepared container whose command has not begun. One that is gone is no error. */
export async function discardContainer(id: string, paths: ContainerPaths): Promise<void> {
	await execute(program("runc"), ["--root", paths.runcRoot, "delete", "--force", id], { timeout: startTimeoutMs });
}

/** conmon writes one line of JSON to the pipe that _OCI_SYNCPIPE names: `data` is the pid, once runc has made the container; negative when it refused. */
function runConmon(conmon: string, args: readonly string[]): Promise<{ data?: number; message?: string }> {
	return new Promise((resolve, reject) => {
		const child = spawn(conmon, args, {
			stdio: ["ignore", "ignore", "pipe", "pipe"],
			env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", _OCI_SYNCPIPE: "3" },
			detached: true,
			cwd: "/",
		});
		let [said, complaint] = ["", ""];
		const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs);
		const sync = child.stdio[3] as NodeJS.ReadableStream;
		child.stderr?.on("data", (chunk) => {
			complaint += String(chunk);
		});
		const done = () => {
			clearTimeout(timer);
			child.unref();
			try {
				resolve(JSON.parse(said.split("\n")[0] ?? "") as { data?: number; message?: string });
			} catch {
				resolve({ message: complaint.trim() || said.trim() });
			}
		};
		sync.on("data", (chunk) => {
			said += String(chunk);
			if (said.includes("\n")) done();
		});
		sync.once("end", done);
		child.once("error", reject);
	});
}

function refused({ name, command: [program = ""] }: ContainerSpec, said: string): WeftError {
	return runcRefusal(`Cannot start container "${name}"`, program, said);
}

import { execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { causeText, WeftError } from "../model/error.ts";
import { program } from "./programs.ts";
import type { ContainerPaths, ContainerSpec } from "./spec.ts";

const execute = promisify(execFile);
const startTimeoutMs = 30_000;

/**
 * Starts a container: conmon has runc make it, and stays as its parent, whatever becomes of this process.
 * @throws {WeftError} SANDBOX_FAILED with runc's own words, PROGRAM_MISSING
 */
export async function startContainer(spec: ContainerSpec, paths: ContainerPaths): Promise<void> {
	const [conmon, runc] = [program("conmon"), program("runc")];
	for (const dir of [paths.exits, paths.persist, paths.sockets]) mkdirSync(dir, { recursive: true });
	rmSync(paths.exit, { force: true });
	const root = ["--root", paths.runcRoot];
	const said = await runConmon(conmon, [
		...["--api-version", "1", "-c", spec.id, "-u", spec.id, "-n", spec.name, "-r", runc, "-b", paths.bundle],
		...["-p", paths.pid, "-l", `k8s-file:${paths.log}`, "--exit-dir", paths.exits, "--persist-dir", paths.persist],
		...["--socket-dir-path", paths.sockets, "--full-attach"],
		...root.flatMap((arg) => ["--runtime-arg", arg]),
		...["--exit-command", runc],
		...[...root, "delete", "--force", spec.id].flatMap((arg) => ["--exit-command-arg", arg]),
		...(spec.tty ? ["-t"] : []),
		...(spec.stdin ? ["-i"] : []),
	]);
	if (said.data === undefined || said.data <= 0) throw refused(spec, said.message ?? "conmon said nothing");
	try {
		await execute(runc, [...root, "start", spec.id], { timeout: startTimeoutMs });
	} catch (cause) {
		throw refused(spec, causeText(cause));
	}
	writeFileSync(paths.started, new Date().toISOString());
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

function refused({ name, command }: ContainerSpec, said: string): WeftError {
	const missing = /exec: \\?"?([^"\\:]+)\\?"?:.*(not found|no such file)/i.exec(said)?.[1];
	if (missing !== undefined) {
		return new WeftError(
			"SANDBOX_FAILED",
			`Cannot start container "${name}": its root has no program "${command[0] ?? missing}"`,
			{
				fix: "check the command, or give a --rootfs that has it",
				cause: said.trim(),
			},
		);
	}
	return new WeftError("SANDBOX_FAILED", `Cannot start container "${name}": runc refused`, { cause: said.trim() });
}

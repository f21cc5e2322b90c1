import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runcRefusal } from "../sandbox/refusal.ts";
import type { Io } from "./io.ts";
import { startHere } from "./start-here.ts";

/**
 * Runs a command of runc's with this process's own terminal and streams.
 * @param argv As the agent gave it: runc, its flags, `exec` …
 * @param task "Cannot run "ls" in container "web"".
 * @returns How the command ended.
 * @throws {WeftError} What runc refused. It ends with 255 then, as a command may: its log tells them apart.
 */
export async function runcExec(
	io: Io,
	[runc = "", ...args]: readonly string[],
	{ task, program, ...streams }: { task: string; program: string; stdin: boolean; output: boolean },
): Promise<number> {
	const folder = mkdtempSync(join(tmpdir(), "weft-exec-"));
	try {
		const log = join(folder, "log");
		const code = await startHere(io, [runc, "--log", log, "--log-format", "json", ...args], streams);
		const complaint = code === 0 ? undefined : complaintIn(log);
		if (complaint !== undefined) throw runcRefusal(task, program, complaint);
		return code;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function complaintIn(log: string): string | undefined {
	const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
	const entries = lines.map((line) => JSON.parse(line) as { level: string; msg: string });
	return entries.find(({ level }) => level === "error" || level === "fatal")?.msg;
}

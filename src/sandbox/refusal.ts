import { WeftError } from "../model/error.ts";

/** `exec: "ls": …` and `exec: "/bin/ls": stat /bin/ls: …` when runc looks for it; `exec /run.sh: …` when the kernel refuses it. */
const executing = '\\bexec(: ".*"| /.*): (stat .*: )?';

/**
 * What runc's own words mean to a person.
 * @param task "Cannot start container "web"".
 * @param program What was to be run.
 * @param said A message of runc's, or the line of its log that has it: `time="…" level=error msg="…"`.
 * @returns COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, SANDBOX_FAILED
 */
export function runcRefusal(task: string, program: string, said: string): WeftError {
	const cause = wordsOf(said);
	if (new RegExp(`${executing}(executable file not found|no such file)`, "i").test(cause)) {
		return new WeftError("COMMAND_NOT_FOUND", `${task}: its root has no program "${program}"`, {
			fix: "check the command; the container has what its --rootfs has, and nothing of the host",
			cause,
		});
	}
	if (new RegExp(`${executing}(permission denied|exec format error)`, "i").test(cause)) {
		return new WeftError("COMMAND_NOT_EXECUTABLE", `${task}: "${program}" is no program that can be executed`, {
			fix: "give a program for this machine's processor, marked as executable (chmod +x)",
			cause,
		});
	}
	return new WeftError("SANDBOX_FAILED", `${task}: runc refused`, {
		fix: "check the command and its flags: the root, the folder, the user",
		cause,
	});
}

function wordsOf(said: string): string {
	const quoted = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
	return quoted === undefined ? said.trim() : quoted.replaceAll(/\\(["\\])/g, "$1");
}

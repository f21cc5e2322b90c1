import { accessSync, constants } from "node:fs";
import { WeftError } from "../model/error.ts";

const folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];

/** Each program with Debian's package of it. */
const packages = {
	runc: "runc",
	conmon: "conmon",
	busybox: "busybox-static",
	mkfifo: "coreutils",
	mount: "mount",
	umount: "mount",
	setpriv: "util-linux",
} as const;

/** @param task What it is for. @returns The path of a program. @throws {WeftError} PROGRAM_MISSING */
export function program(name: keyof typeof packages, task = "run containers"): string {
	const path = folders.map((folder) => `${folder}/${name}`).find(isExecutable);
	if (path !== undefined) return path;
	throw new WeftError("PROGRAM_MISSING", `Cannot ${task}: ${name} is not installed`, {
		fix: `apt-get install ${packages[name]}`,
	});
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

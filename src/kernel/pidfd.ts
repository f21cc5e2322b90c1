import { closeSync } from "node:fs";
import { codeOf } from "./errno.ts";
import { pollReadable } from "./libc/poll.ts";
import { pidfdOpen } from "./libc/process.ts";

/**
 * Calls back once when a process has ended (pidfd_open(2), Linux 5.3), also one that is no child of this one; at once for one that
 * is not there.
 * @returns Ends the watch.
 */
export function onProcessEnd(pid: number, callback: () => void): () => void {
	let fd: number;
	try {
		fd = pidfdOpen(pid);
	} catch (error) {
		if (codeOf(error) !== "ESRCH") throw error;
		const soon = setImmediate(callback);
		return () => clearImmediate(soon);
	}
	let ended = false;
	const end = () => {
		if (ended) return;
		ended = true;
		stop();
		closeSync(fd);
	};
	const stop = pollReadable(fd, () => {
		end();
		callback();
	});
	return end;
}

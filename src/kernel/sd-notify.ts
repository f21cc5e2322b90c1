import { closeSync } from "node:fs";
import { sendto, socket } from "./libc/socket.ts";

/** The service manager that started this process, if one did (sd_notify(3)). */
export interface ServiceManager {
	readonly isThere: boolean;
	/** @param state "READY=1", "STOPPING=1" */
	tell(state: string): void;
	/** Tells it again and again that this process gets round to its work, where it wants to know. @returns Ends that. */
	watch(): () => void;
}

/**
 * @param env What is for this process alone is taken out of it: what it starts must not speak for it (runc would wait for its
 *   container to).
 * @returns Without a manager, one that nobody hears.
 */
export function serviceManager(env: NodeJS.ProcessEnv = process.env): ServiceManager {
	const path = env["NOTIFY_SOCKET"] ?? "";
	const watchdogMs = Number(env["WATCHDOG_USEC"] ?? 0) / 1000;
	for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
	const isThere = path !== "";
	const tell = (state: string) => {
		if (isThere) notify(path, state);
	};
	return {
		isThere,
		tell,
		watch() {
			if (!isThere || watchdogMs === 0) return () => {};
			// Half of it: one that comes late is no reason to be killed.
			const timer = setInterval(() => tell("WATCHDOG=1"), watchdogMs / 2);
			return () => clearInterval(timer);
		},
	};
}

/** @param path A head of "@" stands for the abstract namespace (unix(7)). */
function notify(path: string, state: string): void {
	const name = Buffer.from(path.replace(/^@/, "\0"));
	const address = Buffer.alloc(2 + name.length + (name[0] === 0 ? 0 : 1));
	address.writeUInt16LE(AF_UNIX, 0);
	name.copy(address, 2);
	const fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	try {
		sendto(fd, Buffer.from(state), address);
	} catch {
		// A manager that does not listen is no reason to fail: it has its own timeout.
	} finally {
		closeSync(fd);
	}
}

const [AF_UNIX, SOCK_DGRAM] = [1, 2];

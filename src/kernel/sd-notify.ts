import { closeSync } from "node:fs";
import { sendto, socket } from "./ffi.ts";

/**
 * @param env NOTIFY_SOCKET is taken out of it: what this process starts must not speak for it (runc would wait for its container to).
 * @returns Tells the service manager how this process is (sd_notify(3)): "READY=1", "STOPPING=1". Without a manager, nobody.
 */
export function serviceManager(env: NodeJS.ProcessEnv = process.env): (state: string) => void {
	const path = env["NOTIFY_SOCKET"];
	delete env["NOTIFY_SOCKET"];
	return path === undefined || path === "" ? () => {} : (state) => notify(path, state);
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

import { once } from "node:events";
import { createServer } from "node:net";

/** @returns A port that nobody listens at. Another process may take it at once: rare enough for a test. */
export async function freePort(host: string): Promise<number> {
	const server = createServer().listen(0, host);
	await once(server, "listening");
	const address = server.address();
	server.close();
	await once(server, "close");
	if (address === null || typeof address === "string") throw new TypeError(`Cannot find a free port of ${host}`);
	return address.port;
}

let addresses = 0;

/** @returns An address of the loopback that no other test uses: no other connection from here takes a port of it. */
export function ownLoopback(): string {
	addresses++;
	return `127.${128 + (process.pid % 127)}.${(process.pid >> 7) % 256}.${addresses}`;
}

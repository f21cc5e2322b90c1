import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveApi } from "../src/api/serve.ts";
import { MemoryService } from "./memory-service.ts";

/** A memory service behind the API, at a socket of its own. */
export interface ServedService {
	readonly service: MemoryService;
	/** For the environment of `weft`. */
	readonly env: { readonly WEFT_SOCKET: string };
	close(): Promise<void>;
}

/** @returns With the networks black, blue and red, and the containers web (it runs, in blue) and worker (it does not). */
export async function serveMemory(): Promise<ServedService> {
	const folder = mkdtempSync(join(tmpdir(), "weft-served-"));
	const service = new MemoryService();
	for (const name of ["blue", "black", "red"])
		await service.networks.create({ name, driver: "overlay", auxAddresses: {}, internal: false, labels: {} });
	for (const name of ["web", "worker"])
		await service.containers.create({
			name,
			command: ["sh", "-c", "while true; do sleep 1; done"],
			networks: name === "web" ? [{ network: "blue", aliases: [] }] : [],
			env: [],
			tty: false,
			stdin: false,
			autoRemove: false,
		});
	await service.containers.start("web");
	const socketPath = join(folder, "weft.sock");
	const server = await serveApi(service, { socketPath });
	return {
		service,
		env: { WEFT_SOCKET: socketPath },
		async close() {
			await server.close();
			rmSync(folder, { recursive: true });
		},
	};
}

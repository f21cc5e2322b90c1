import { rename, writeFile } from "node:fs/promises";

/** Writes a file whole or not at all, also for one who is killed meanwhile: whoever reads it reads the former or the new. */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
	const half = `${path}.new`;
	await writeFile(half, text, { mode });
	await rename(half, path);
}

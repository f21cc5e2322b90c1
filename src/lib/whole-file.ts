import { open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file whole or not at all, also for one who is killed or loses power meanwhile: whoever reads it reads the former or the
 * new, and the new once this has returned.
 * @throws The errors of node:fs; the former file is still there.
 */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
	const half = `${path}.new`;
	try {
		await writeFile(half, text, { mode, flush: true });
		await rename(half, path);
	} catch (error) {
		await rm(half, { force: true }).catch(() => {});
		throw error;
	}
	// The name is the folder's content, and on the disk when the folder is.
	const folder = await open(dirname(path));
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}

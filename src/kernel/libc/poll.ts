import koffi from "koffi";

/**
 * Calls back on the main loop whenever `fd` is readable (level-triggered). The watch doesn't keep the process alive.
 * @returns Ends the watch; to be called before `fd` is closed.
 */
export function pollReadable(fd: number, callback: () => void): () => void {
	const handle = koffi.node.poll(fd, { readable: true }, callback);
	handle.unref();
	return () => handle.close();
}

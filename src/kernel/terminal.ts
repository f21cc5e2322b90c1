import { cfmakeraw, tcgetattr, tcsetattr } from "./libc/termios.ts";

/**
 * Makes a terminal raw, so that each key and each byte of output pass as they are. Node's own raw mode goes on turning each
 * line feed of the output into two characters, which displaces what an editor draws.
 * @returns Gives the terminal its former settings.
 * @throws {Errno} It is no terminal.
 */
export function makeRaw(fd: number): () => void {
	const former = tcgetattr(fd);
	tcsetattr(fd, cfmakeraw(former));
	return () => tcsetattr(fd, former);
}

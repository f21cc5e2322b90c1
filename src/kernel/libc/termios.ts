import { libcCall, libcFunction } from "./call.ts";

const c = {
	tcgetattr: libcCall("int tcgetattr(int fd, void *termios)"),
	cfmakeraw: libcFunction("void cfmakeraw(void *termios)"),
	tcsetattr: libcCall("int tcsetattr(int fd, int actions, const void *termios)"),
};

/** @returns The settings of a terminal: a struct termios. */
export function tcgetattr(fd: number): Buffer {
	const termios = Buffer.alloc(TERMIOS_BYTES);
	c.tcgetattr(fd, termios);
	return termios;
}

/** @returns The same without what a terminal does of itself: no echo, no lines, no signals, and output as it comes. */
export function cfmakeraw(termios: Uint8Array): Buffer {
	const raw = Buffer.from(termios);
	c.cfmakeraw(raw);
	return raw;
}

/** Sets them at once. */
export function tcsetattr(fd: number, termios: Uint8Array): void {
	if (termios.byteLength < TERMIOS_BYTES) throw new RangeError("a struct termios is longer");
	c.tcsetattr(fd, TCSANOW, termios);
}

/** bits/termios-struct.h: the same on x86_64 and aarch64. */
const TERMIOS_BYTES = 60;
const TCSANOW = 0;

import { libcCall } from "./call.ts";

const setns = libcCall("int setns(int fd, int type)");
const unshare = libcCall("int unshare(int flags)");
const mountCall = libcCall(
	"int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)",
);
const umount = libcCall("int umount2(const char *target, int flags)");

/** Moves the calling thread, and no other, into the network namespace of `fd`. */
export function setNetns(fd: number): void {
	setns(fd, CLONE_NEWNET);
}

/** Moves the calling thread, and no other, into a new network namespace. */
export function unshareNetns(): void {
	unshare(CLONE_NEWNET);
}

export function mount(source: string, target: string, type: string, flags: number): void {
	mountCall(source, target, type, flags, null);
}

export function umount2(target: string, flags: number): void {
	umount(target, flags);
}

const CLONE_NEWNET = 0x40000000;

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** A program that a port is bound by. */
export interface PortHolder {
	/** The name of its file. */
	readonly program: string;
	readonly pid: number;
}

/** TCP_LISTEN of the kernel's enum, as /proc/net/tcp has it. */
const listening = "0A";
/** SO_ACCEPTCON, as /proc/net/unix has it. */
const acceptingConnections = "00010000";

/**
 * @param protocol Of IPv4 and IPv6: a socket at [::] takes IPv4's packets, too.
 * @returns Which program of this process's network namespace has a port; undefined for a socket of the kernel's own, as those of VXLAN
 * are, and when the program is out of sight.
 */
export function portHolder(protocol: "tcp" | "udp", port: number): PortHolder | undefined {
	for (const family of ["", "6"]) {
		const inode = inodeOf(readOrNothing(`/proc/net/${protocol}${family}`), protocol, port);
		const holder = inode === undefined ? undefined : processWith(`socket:[${inode}]`);
		if (holder !== undefined) return holder;
	}
	return undefined;
}

/** @returns Which program listens at a unix socket. */
export function unixHolder(path: string): PortHolder | undefined {
	for (const line of readOrNothing("/proc/net/unix").split("\n").slice(1)) {
		// "Num RefCount Protocol Flags Type St Inode Path"
		const [, , , flags, , , inode, ...bound] = line.trim().split(" ").filter(Boolean);
		if (flags === acceptingConnections && bound.join(" ") === path) return processWith(`socket:[${inode}]`);
	}
	return undefined;
}

/** @returns "ncat (pid 4711)" */
export function holderText({ program, pid }: PortHolder): string {
	return `${program} (pid ${pid})`;
}

/** @param table Lines of /proc/net/udp and its like (proc(5)): "sl local remote state …", the inode in the tenth column. */
function inodeOf(table: string, protocol: "tcp" | "udp", port: number): string | undefined {
	const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	for (const line of table.split("\n").slice(1)) {
		const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
		const bound = protocol === "udp" || state === listening;
		if (bound && local?.endsWith(suffix) && inode !== undefined && inode !== "0") return inode;
	}
	return undefined;
}

function processWith(link: string): PortHolder | undefined {
	for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
		const fds = `/proc/${pid}/fd`;
		if (namesIn(fds).some((fd) => linkOf(`${fds}/${fd}`) === link))
			return { program: programOf(pid), pid: Number(pid) };
	}
	return undefined;
}

/** Threads may have a name of their own, as Node's do: the file tells more. */
function programOf(pid: string): string {
	const file = linkOf(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, "");
	return file === undefined ? readOrNothing(`/proc/${pid}/comm`).trim() : basename(file);
}

/** What follows is looked at while processes come and go: one that has gone has nothing. */
function namesIn(dir: string): string[] {
	try {
		return readdirSync(dir);
	} catch {
		return [];
	}
}

function linkOf(path: string): string | undefined {
	try {
		return readlinkSync(path);
	} catch {
		return undefined;
	}
}

function readOrNothing(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

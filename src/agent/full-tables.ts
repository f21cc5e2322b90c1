import { readFileSync } from "node:fs";
import { WeftError } from "../model/error.ts";

/** What is looked at, by the paths that proc(5) has: tests have others. */
export interface TableFiles {
	/** A column for each counter, a line for each processor, hexadecimal. Of all namespaces; in the first one alone. */
	readonly neighbours: string;
	readonly neighboursMost: string;
	readonly connections: string;
	readonly connectionsMost: string;
}

const usual: TableFiles = {
	neighbours: "/proc/net/stat/arp_cache",
	neighboursMost: "/proc/sys/net/ipv4/neigh/default/gc_thresh3",
	connections: "/proc/sys/net/netfilter/nf_conntrack_count",
	connectionsMost: "/proc/sys/net/netfilter/nf_conntrack_max",
};

const lookEveryMs = 10_000;
/** An overflow is told of for so long: what counts as one comes back as long as there is reason. */
const tellForMs = 60_000;
/** Beyond it the kernel throws out connections that nobody answered yet, and then lets no new one in. */
const nearlyAll = 0.95;

/**
 * Tables that all containers of a host share with the host itself, and that no call to the kernel meets as full: it is the
 * traffic that fails. Read by a timer; told of in `weft status`.
 */
export class FullTables {
	readonly #files: TableFiles;
	readonly #timer: NodeJS.Timeout;
	#overflows: number | undefined;
	#overflowedMs = Number.NEGATIVE_INFINITY;

	constructor(files = usual) {
		this.#files = files;
		this.look();
		this.#timer = setInterval(() => this.look(), lookEveryMs);
		this.#timer.unref();
	}

	close(): void {
		clearInterval(this.#timer);
	}

	/** Notes whether the neighbour table overflowed since the last look. */
	look(): void {
		const overflows = sumOf(read(this.#files.neighbours), "table_fulls");
		if (overflows > (this.#overflows ?? overflows)) this.#overflowedMs = performance.now();
		this.#overflows = overflows;
	}

	problems(): WeftError[] {
		const found: WeftError[] = [];
		if (performance.now() - this.#overflowedMs < tellForMs)
			found.push(full("neighbours", "net.ipv4.neigh.default.gc_thresh3", read(this.#files.neighboursMost)));
		const [count, most] = [Number(read(this.#files.connections)), Number(read(this.#files.connectionsMost))];
		if (most > 0 && count >= most * nearlyAll)
			found.push(full("connections", "net.netfilter.nf_conntrack_max", String(most)));
		return found;
	}
}

function full(what: string, setting: string, most: string): WeftError {
	return new WeftError(
		"KERNEL_LIMIT",
		`Cannot be sure of all traffic of this host: its table of ${what} is full: ${most.trim()} (${setting})`,
		{ fix: `sysctl -w ${setting}=N, several times as many` },
	);
}

/** @returns Of all processors together; 0 where there is no such file or column. */
function sumOf(text: string, column: string): number {
	const [head = "", ...rows] = text.split("\n").filter((line) => line !== "");
	const place = head.split(/\s+/).indexOf(column);
	return rows.reduce((sum, row) => sum + (Number.parseInt(row.split(/\s+/)[place] ?? "", 16) || 0), 0);
}

/** @returns Nothing for a file that is not there: not all namespaces have these, nor all kernels. */
function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

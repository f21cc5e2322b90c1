import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestLab } from "./with-lab.ts";

const everyMs = 50;

/** Pings under way from one container to another. */
export interface Pinging {
	/** Stops them. @returns How many had no answer; those after the last answer count as well. */
	end(): Promise<{ readonly lost: number }>;
}

/** Pings 20 times a second until it is told to end. @param to A name in a network of the container. */
export function pinging(lab: TestLab, host: string, container: string, to: string): Pinging {
	const first = lab.run(host, "weft", "exec", container, "ping", "-c", "1", to).stdout;
	const [address] = /10\.\d+\.\d+\.\d+/.exec(first) ?? [];
	if (address === undefined) throw new Error(`${container} does not know ${to}: ${first}`);
	const child = lab.inNetns(host, container, ["ping", "-n", "-i", `${everyMs / 1000}`, address]);
	let said = "";
	let answeredAt = performance.now();
	(child.stdout as Readable).on("data", (chunk) => {
		said += String(chunk);
		answeredAt = performance.now();
	});
	return {
		async end() {
			// While the lab runs a command, nothing is read.
			await sleep(500);
			const silentMs = performance.now() - answeredAt;
			const ended = once(child, "exit");
			child.kill("SIGTERM");
			await ended;
			const answered = [...said.matchAll(/icmp_seq=(\d+)/g)].map(([, n]) => Number(n));
			const last = Math.max(...answered);
			if (answered.length < 10) throw new Error(`ping said: ${said}`);
			return { lost: last - new Set(answered).size + (silentMs > 400 ? Math.floor(silentMs / everyMs) : 0) };
		},
	};
}

import type { TestLab } from "../e2e/with-lab.ts";

/** What one round measured on the bare underlay and through the overlay. */
export interface PathRound {
	/** Mbit/s of one TCP connection. */
	readonly tcp: { readonly under: number; readonly over: number };
	/** Mean round trip in µs. */
	readonly rtt: { readonly under: number; readonly over: number };
}

const seconds = "3";
const pings = ["ping", "-q", "-i", "0.001", "-c", "2000"];

/** From host2's bbox2 to host1's bbox1, and from host to host: one after the other, so that both see the same machine. */
export function measurePath(lab: TestLab): PathRound {
	const inside = (...argv: string[]) => {
		const { code, stdout, stderr } = lab.attack("host2", "bbox2", ...argv);
		if (code !== 0) throw new Error(stderr || stdout);
		return stdout;
	};
	const outside = (...argv: string[]) => lab.lab.exec("host2", argv);
	const server = ["iperf3", "-s", "-1"];
	lab.lab.spawn("host1", server, "ignore");
	settle();
	const under = megabits(outside("iperf3", "-J", "-t", seconds, "-c", "192.168.56.101"));
	lab.inNetns("host1", "bbox1", server);
	settle();
	const over = megabits(inside("iperf3", "-J", "-t", seconds, "-c", "10.0.0.2"));
	return {
		tcp: { under, over },
		rtt: {
			under: roundTrip(outside(...pings, "192.168.56.101")),
			over: roundTrip(inside(...pings, "10.0.0.2")),
		},
	};
}

function megabits(said: string): number {
	const { end } = JSON.parse(said) as { end: { sum_received: { bits_per_second: number } } };
	return end.sum_received.bits_per_second / 1e6;
}

/** Of "rtt min/avg/max/mdev = 0.021/0.034/…", in µs. */
function roundTrip(said: string): number {
	return Number(/= [\d.]+\/([\d.]+)\//.exec(said)?.[1]) * 1000;
}

/** A server that was just started listens a moment later. */
function settle(): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildRelease } from "../../scripts/build.ts";
import { barsSvg } from "./bars.ts";
import { type Busy, measureBusy } from "./dns-busy.ts";
import * as dns from "./dns-servers.ts";
import { residentMegabytes } from "./memory.ts";
import { median } from "./stats.ts";
import { markdownTable } from "./table.ts";

/** Measures answers a second on one core, beside dnsmasq in interleaved rounds, and how long answers take while the agent works. */
const [rounds, seconds, sandboxes] = [5, 3, 500];
const folder = new URL("../../docs/benchmarks/", import.meta.url);

type Rates = Record<"few" | "many" | "dnsmasq", number[]>;

async function until(holds: () => boolean): Promise<void> {
	for (const deadline = performance.now() + 20_000; !holds(); await sleep(50))
		if (performance.now() > deadline) throw new Error("a name server does not answer within 20 s");
}

/** One server at a time: each has the core to itself while it is asked. */
async function measureRates(): Promise<{ rates: Rates; megabytes: number }> {
	const scratch = mkdtempSync(join(tmpdir(), "weft-bench-dns-"));
	const netns = dns.makeNetns(sandboxes);
	const [first = "", second = ""] = netns;
	const names = dns.tenThousandNames();
	const questions = join(scratch, "questions");
	writeFileSync(questions, names.map(({ name }) => `${name} A\n`).join(""));
	const rates: Rates = { few: [], many: [], dnsmasq: [] };
	let megabytes = Number.NaN;
	const round = async (into: number[], inside: string, server: ReturnType<typeof dns.startNames>) => {
		try {
			await until(() => dns.answers(inside, "container-7"));
			into.push(dns.questionsPerSecond(inside, questions, seconds));
			if (into === rates.many) megabytes = residentMegabytes(server.pid);
		} finally {
			const ended = new Promise((resolve) => server.once("exit", resolve));
			server.kill("SIGKILL");
			await ended;
		}
	};
	try {
		for (let n = 1; n <= rounds; n++) {
			console.log(`answers a second, ${n} of ${rounds} …`);
			await round(rates.few, first, dns.startNames(scratch, [first], names));
			await round(rates.dnsmasq, second, dns.startDnsmasq(scratch, second, names));
			await round(rates.many, first, dns.startNames(scratch, netns, names));
		}
		return { rates, megabytes };
	} finally {
		dns.removeNetns(netns);
		rmSync(scratch, { recursive: true, force: true });
	}
}

function report({ rates, megabytes }: Awaited<ReturnType<typeof measureRates>>, busy: Busy): string {
	const base = median(rates.dnsmasq);
	const line = (what: string, values: readonly number[], goal: string) => {
		const ratios = values.map((value, n) => value / (rates.dnsmasq[n] ?? base));
		return [what, median(values).toFixed(0), median(ratios).toFixed(2), goal];
	};
	return [
		"# Names, measured",
		"",
		`10,000 names in 20 networks. The release, as people run it, has one core, dnsperf the other; medians of ${rounds} interleaved rounds`,
		`of ${seconds} s, 100 questions under way all the time. Written by \`make bench-dns\`.`,
		"",
		markdownTable(
			["", "answers a second", "of dnsmasq", "goal"],
			[
				line("weft, 1 sandbox", rates.few, "≥ 0.55"),
				line(`weft, ${sandboxes} sandboxes`, rates.many, "≥ 0.55"),
				line("dnsmasq (Debian 12)", rates.dnsmasq, ""),
			],
		),
		"",
		`The names process of the release holds ${megabytes.toFixed(0)} MB after that, with ${sandboxes} sandboxes and all names (goal: 80).`,
		"",
		"Asked 1,000 times a second, on a host of two cores that its agent shares:",
		"",
		markdownTable(
			["", "questions", "lost", "median ms", "p99 ms", "goal"],
			[
				["nothing else to do", ...busyCells(busy.idle), ""],
				["while the agent attaches 100 endpoints", ...busyCells(busy.attaching), "p99 ≤ 2, none lost"],
				["while the agent is killed and starts again", ...busyCells(busy.restarting), "none lost"],
			],
		),
		"",
		"![answers a second](dns.svg)",
		"",
	].join("\n");
}

function busyCells({ asked, lost, medianMs, p99Ms }: Busy["idle"]): string[] {
	return [`${asked}`, `${lost}`, medianMs.toFixed(2), p99Ms.toFixed(2)];
}

await buildRelease(dns.release);
const measured = await measureRates();
const busy = await measureBusy((line) => console.log(line));
const text = report(measured, busy);
console.log(`\n${text}`);
writeFileSync(new URL("dns.md", folder), text);
const bars = Object.entries({ "weft, 1 sandbox": "few", [`weft, ${sandboxes}`]: "many", dnsmasq: "dnsmasq" }).map(
	([verb, key]) => {
		const values = measured.rates[key as keyof Rates].map((value) => value / 1000);
		const goal = key === "dnsmasq" ? Number.NaN : (median(measured.rates.dnsmasq) / 1000) * 0.55;
		return { verb, median: median(values), p99: Math.max(...values), goal };
	},
);
writeFileSync(new URL("dns.svg", folder), barsSvg("Thousand answers a second, median and best", bars));
process.exit();

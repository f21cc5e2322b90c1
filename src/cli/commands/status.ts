import type { ProblemView, StatusView } from "../../model/view.ts";
import { visible } from "../../model/visible.ts";
import { spanText } from "../ago.ts";
import { command } from "../command.ts";
import type { Io } from "../io.ts";
import { itemFormat, itemPrinter } from "../output.ts";

export default command({
	operands: [],
	flags: itemFormat,
	details: "Ends with 1 when something is not as it should be.",
	examples: [
		{ type: "weft status", does: "The agent, its store, the names, the kernel, and what is wrong" },
		{ type: "weft status -f json", does: "The same for a program" },
	],
	async run({ flags, io, agent }) {
		const show = itemPrinter<StatusView>(io, flags.format, (status) => statusText(io, status));
		const status = await (await agent()).status();
		show(status);
		return status.problems.length === 0 ? 0 : 1;
	},
});

function statusText(io: Io, status: StatusView): string {
	const { host, store, names, kernel, problems } = status;
	const since = (time: string) => spanText(io.now() - Date.parse(time)).toLowerCase();
	const audited = kernel.auditedAt === undefined ? "" : `, audited ${since(kernel.auditedAt)} ago`;
	const facts: readonly (readonly [string, string])[] = [
		["host", `${host.name} (${host.id.slice(0, 12)}) at ${host.vtep}, underlay MTU ${host.underlayMtuBytes}`],
		["agent", `up ${since(status.startedAt)}, pid ${status.pid}, version ${status.version}`],
		["store", `${store.url} ${store.state}${store.state === "connected" ? "" : ` for ${since(store.since)}`}`],
		["names", names.pid === undefined ? names.state : `${names.state}, pid ${names.pid}`],
		["kernel", `${kernel.state}${audited}, ${count(kernel.mended, "operation")} mended`],
		[
			"holds",
			`${count(status.networks, "network")}, ${count(status.containers, "container")}, ${count(status.hosts, "host")} in the cluster`,
		],
		["health", problems.length === 0 ? "all well" : count(problems.length, "problem")],
	];
	const lines = facts.map(([name, text]) => `${`${name}:`.padEnd(9)}${visible(text)}`);
	return [...lines, ...problems.map((problem) => problemText(problem, since))].join("\n");
}

function problemText({ code, message, cause, fix, since: from }: ProblemView, since: (time: string) => string): string {
	return [
		`\n  ${visible(message)}`,
		...(cause === undefined ? [] : [`    cause: ${visible(cause)}`]),
		...(fix === undefined ? [] : [`    fix:   ${visible(fix)}`]),
		`    code:  ${code}, for ${since(from)}`,
	].join("\n");
}

function count(n: number, thing: string): string {
	return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

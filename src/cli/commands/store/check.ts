import type { FindingView, StoreCheckView } from "../../../model/view.ts";
import { command } from "../../command.ts";
import { note } from "../../io.ts";
import { type Column, listFormat, printList } from "../../output.ts";

export default command({
	operands: [],
	flags: { repair: { type: "boolean", help: "Mend what can be mended" }, ...listFormat },
	details:
		"Reads all records at one moment, and compares them with each other. What is mended is mended one by one, each only if it is still as it was found. Ends with 1 when something is left.",
	examples: [
		{ type: "weft store check", does: "Look whether the cluster's state is sound" },
		{ type: "weft store check --repair", does: "Mend it" },
		{ type: "weft store check --format '{{.Code}} {{.key}}'", does: "For a program" },
	],
	async run({ flags, io, agent }) {
		const { store } = await agent();
		const checked = await store.check({ repair: flags.repair });
		const left = checked.findings.filter(({ outcome }) => outcome !== "mended");
		if (checked.findings.length > 0 || flags.format !== undefined)
			printList(io, flags.format, checked.findings, columns);
		if (flags.format === undefined) note(io, summary(checked, left));
		return left.length === 0 ? 0 : 1;
	},
});

const columns: readonly Column<FindingView>[] = [
	{ header: "CODE", name: "Code", of: ({ code }) => code },
	{ header: "PROBLEM", name: "Message", of: ({ message }) => message },
	{ header: "REPAIR", name: "Repair", of: repairText },
];

function repairText({ outcome, mend, fix }: FindingView): string {
	if (outcome === "mended") return `done: ${mend}`;
	if (outcome === "changed") return "not done: somebody else changed it meanwhile";
	return mend ?? fix ?? "";
}

function summary({ records, revision, findings }: StoreCheckView, left: readonly FindingView[]): string {
	const read = `${records} records at revision ${revision}`;
	if (findings.length === 0) return `${read}: sound`;
	const mended = findings.length - left.length;
	const can = left.filter(({ mend }) => mend !== undefined).length;
	return [
		`${read}: ${findings.length} ${findings.length === 1 ? "problem" : "problems"}`,
		...(mended > 0 ? [`${mended} mended`] : []),
		...(can > 0 ? [`weft store check --repair mends ${can === left.length ? "them" : `${can} of them`}`] : []),
	].join(", ");
}

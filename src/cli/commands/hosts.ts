import type { HostView } from "../../model/view.ts";
import { spanText } from "../ago.ts";
import { command } from "../command.ts";
import { type Column, listFormat, printList } from "../output.ts";

export default command({
	operands: [],
	flags: listFormat,
	examples: [{ type: "weft hosts", does: "Who is in the cluster, and who answers" }],
	async run({ flags, io, agent }) {
		const now = io.now();
		const columns: Column<HostView>[] = [
			{ header: "HOST ID", name: "ID", of: ({ id }) => id.slice(0, 12) },
			{ header: "NAME", name: "Name", of: ({ name, self }) => (self ? `${name} *` : name) },
			{ header: "STATE", name: "State", of: (host) => stateText(host, now) },
			{ header: "ADDRESS", name: "Address", of: ({ vtep }) => vtep },
			{ header: "MTU", name: "MTU", of: ({ underlayMtuBytes }) => String(underlayMtuBytes) },
			{ header: "ENDPOINTS", name: "Endpoints", of: ({ endpoints }) => String(endpoints) },
			{ header: "VERSION", name: "Version", of: ({ version }) => version },
		];
		printList(io, flags.format, await (await agent()).hosts(), columns);
	},
});

function stateText({ state, since }: HostView, now: number): string {
	return since === undefined ? state : `${state} ${spanText(now - Date.parse(since)).toLowerCase()}`;
}

import type { RecoverView } from "../../../model/view.ts";
import { command } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { type Io, note, print } from "../../io.ts";

export default command({
	operands: [],
	flags: { force: { type: "boolean", short: "f", help: "Do not ask" } },
	details:
		"For the day when the store's host, or the etcd, is lost for good, with its backups. Choose the host whose containers are in the most networks: it remembers those, with all endpoints in them. The others join it by one command each, with their containers running, and put back the networks that only they remember. Prints the commands.",
	examples: [{ type: "weft store recover", does: "Go on from what this host remembers" }],
	async run({ flags, io, agent }) {
		const { store } = await agent();
		const warning =
			"This makes what this host remembers the cluster's state. If the former store comes back, it must not be used any more.";
		if (!flags.force && !(await confirm(io, warning))) return;
		tell(io, await store.recover());
	},
});

function tell(io: Io, { networks, endpoints, hosts, joins }: RecoverView): void {
	const known = [count(networks, "network"), count(endpoints, "endpoint"), count(hosts, "host")];
	note(io, `this host remembers ${known.join(", ")}`);
	note(io, "not known here: networks that none of its containers is in; hosts that are in them put them back\n");
	for (const { host, token, hadStore } of joins) {
		if (hadStore)
			note(
				io,
				`on ${host} nothing: the lost store was there. If it comes back: empty its state folder, then weft token`,
			);
		else {
			note(io, `on ${host}:`);
			print(io, `weft launch --join ${token}`);
		}
	}
}

function count(n: number, thing: string): string {
	return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

import type { ContainerView } from "../../model/view.ts";
import { agoText, spanText } from "../ago.ts";
import { command } from "../command.ts";
import { print } from "../io.ts";
import { type Column, listFormat, printList } from "../output.ts";

/** As Docker cuts it. */
const longestCommand = 20;

export default command({
	operands: [],
	flags: {
		all: { type: "boolean", short: "a", help: "Also those that do not run" },
		...listFormat,
		"no-trunc": { type: "boolean", help: "Do not cut ids and commands" },
		quiet: { type: "boolean", short: "q", help: "Only the ids" },
	},
	examples: [
		{ type: "weft ps", does: "What runs on this host, and where it is in the networks" },
		{ type: "weft ps -aq", does: "The ids of all containers" },
	],
	async run({ flags, io, agent }) {
		const containers = await (await agent()).containers.list({ all: flags.all });
		const whole = flags["no-trunc"];
		const shownId = ({ id }: ContainerView) => (whole ? id : id.slice(0, 12));
		if (flags.quiet) return containers.forEach((container) => print(io, shownId(container)));
		const now = io.now();
		const columns: Column<ContainerView>[] = [
			{ header: "CONTAINER ID", name: "ID", of: shownId },
			{ header: "COMMAND", name: "Command", of: ({ command }) => commandText(command, whole) },
			{ header: "CREATED", name: "CreatedAt", of: ({ created }) => (created === "" ? "" : agoText(created, now)) },
			{ header: "STATUS", name: "Status", of: (container) => statusText(container, now) },
			{ header: "NETWORKS", name: "Networks", of: networksText },
			{ header: "NAMES", name: "Names", of: ({ name }) => name },
		];
		printList(io, flags.format, containers, columns);
	},
});

function commandText(command: readonly string[], whole: boolean): string {
	if (command.length === 0) return "";
	const text = command.join(" ");
	return `"${whole || text.length <= longestCommand ? text : `${text.slice(0, longestCommand - 1)}…`}"`;
}

/** In Docker's words. */
function statusText({ state, startedAt, finishedAt, exitCode }: ContainerView, now: number): string {
	switch (state) {
		case "created":
			return "Created";
		case "running":
			return startedAt === undefined ? "Up" : `Up ${spanText(now - Date.parse(startedAt))}`;
		case "restarting":
			return `Restarting (${exitCode ?? "?"})${finishedAt === undefined ? "" : ` ${agoText(finishedAt, now)}`}`;
		case "exited":
			return `Exited (${exitCode ?? "?"})${finishedAt === undefined ? "" : ` ${agoText(finishedAt, now)}`}`;
		case "attached":
			return "Attached";
	}
}

/** @example "blue 10.0.0.2, red 10.0.1.2" */
function networksText({ networks }: ContainerView): string {
	return Object.entries(networks)
		.map(([name, { ipAddress }]) => `${name} ${ipAddress}`)
		.join(", ");
}

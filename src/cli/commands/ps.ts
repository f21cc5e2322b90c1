import type { ContainerView } from "../../model/view.ts";
import { spanText } from "../ago.ts";
import { command } from "../command.ts";
import { print } from "../io.ts";
import { type Column, listFormat, printList } from "../output.ts";

export default command({
	operands: [],
	flags: {
		...listFormat,
		all: { type: "boolean", short: "a", help: "Those too that are not running" },
		"no-trunc": { type: "boolean", help: "Do not cut ids and commands" },
		quiet: { type: "boolean", short: "q", help: "Only the ids" },
	},
	examples: [
		{ type: "weft ps", does: "What runs on this host" },
		{ type: "weft ps -a", does: "What ended, too" },
	],
	async run({ flags, io, agent }) {
		const containers = await (await agent()).containers.list({ all: flags.all });
		const whole = flags["no-trunc"];
		const shownId = ({ id }: ContainerView) => (whole ? id : id.slice(0, 12));
		if (flags.quiet) return containers.forEach((container) => print(io, shownId(container)));
		const ago = (time: string) => (time === "" ? "" : `${spanText(io.now() - Date.parse(time))} ago`);
		const columns: Column<ContainerView>[] = [
			{ header: "CONTAINER ID", name: "ID", of: shownId },
			{ header: "COMMAND", name: "Command", of: ({ command }) => shortened(command.join(" "), whole) },
			{ header: "CREATED", name: "CreatedAt", of: ({ created }) => ago(created) },
			{ header: "STATUS", name: "Status", of: (container) => statusText(container, io.now()) },
			{ header: "NETWORKS", name: "Networks", of: ({ networks }) => addressesText(networks) },
			{ header: "NAMES", name: "Names", of: ({ name }) => name },
		];
		printList(io, flags.format, containers, columns);
	},
});

function shortened(command: string, whole: boolean): string {
	if (command === "") return "";
	return JSON.stringify(whole || command.length <= 20 ? command : `${command.slice(0, 19)}…`);
}

function statusText({ state, startedAt, finishedAt, exitCode }: ContainerView, now: number): string {
	const since = (time: string | undefined) => spanText(now - Date.parse(time ?? ""));
	if (state === "running") return `Up ${since(startedAt).toLowerCase()}`;
	if (state === "exited") return `Exited (${exitCode}) ${since(finishedAt).toLowerCase()} ago`;
	return state === "created" ? "Created" : "Attached";
}

function addressesText(networks: ContainerView["networks"]): string {
	return Object.entries(networks)
		.map(([name, { ipAddress }]) => `${name} ${ipAddress}`)
		.join(", ");
}

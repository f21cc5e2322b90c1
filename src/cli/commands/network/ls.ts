import type { NetworkFilters } from "../../../model/service.ts";
import type { NetworkView } from "../../../model/view.ts";
import { command } from "../../command.ts";
import { print } from "../../io.ts";
import { type Column, listFormat, printList } from "../../output.ts";
import { UsageError } from "../../usage-error.ts";

const filterKeys = ["name", "id", "driver", "label"] as const;

export default command({
	operands: [],
	flags: {
		...listFormat,
		filter: {
			type: "string",
			short: "f",
			multiple: true,
			value: "KEY=VALUE",
			help: "Only those whose name, id, driver or label fits",
			completes: filterKeys.map((key) => `${key}=`),
		},
		"no-trunc": { type: "boolean", help: "Do not cut the ids" },
		quiet: { type: "boolean", short: "q", help: "Only the ids" },
	},
	examples: [
		{ type: "weft network ls", does: "All networks; each host lists the same" },
		{ type: "weft network ls --filter name=blue -q", does: "The ids of those with blue in their name" },
		{ type: "weft network ls --format '{{.Name}} {{.ipam.subnet}}'", does: "Choose the fields" },
	],
	async run({ flags, io, agent }) {
		const networks = await (await agent()).networks.list({ filters: readFilters(flags.filter) });
		const shownId = ({ id }: NetworkView) => (flags["no-trunc"] ? id : id.slice(0, 12));
		if (flags.quiet) return networks.forEach((network) => print(io, shownId(network)));
		const columns: Column<NetworkView>[] = [
			{ header: "NETWORK ID", name: "ID", of: shownId },
			{ header: "NAME", name: "Name", of: ({ name }) => name },
			{ header: "DRIVER", name: "Driver", of: ({ driver }) => driver },
			{ header: "SCOPE", name: "Scope", of: ({ scope }) => scope },
		];
		printList(io, flags.format, networks, columns);
	},
});

function readFilters(texts: readonly string[]): NetworkFilters {
	const filters: Partial<Record<(typeof filterKeys)[number], string[]>> = {};
	for (const text of texts) {
		const equals = text.indexOf("=");
		const key = filterKeys.find((known) => known === text.slice(0, equals));
		if (key === undefined) {
			throw new UsageError(
				`Cannot take --filter ${JSON.stringify(text)}: wanted KEY=VALUE with a key of ${filterKeys.join(", ")}`,
				"--filter name=blue",
			);
		}
		(filters[key] ??= []).push(text.slice(equals + 1));
	}
	return filters;
}

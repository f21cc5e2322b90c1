import type { EventView } from "../../model/view.ts";
import { visible } from "../../model/visible.ts";
import { command } from "../command.ts";
import { print } from "../io.ts";
import { templateOf } from "../template.ts";
import { untilStopped } from "../until-stopped.ts";

export default command({
	operands: [],
	flags: {
		format: {
			type: "string",
			value: "FORMAT",
			help: 'json, or a template like "{{.action}} {{.name}}"',
			completes: ["json"],
		},
	},
	details: "Goes on until it is interrupted.",
	examples: [
		{ type: "weft events", does: "Networks, containers, endpoints, hosts, and what was mended in the kernel" },
		{ type: "weft events --format json | jq .name", does: "For a program: one JSON object a line" },
	],
	async run({ flags, io, agent }) {
		const line = lineOf(flags.format);
		const service = await agent();
		for await (const event of service.events(untilStopped(io))) print(io, line(event));
	},
});

function lineOf(format: string | undefined): (event: EventView) => string {
	if (format === "json") return (event) => JSON.stringify(event);
	if (format !== undefined) {
		const template = templateOf(format);
		return (event) => template.line(event, {});
	}
	return ({ time, type, action, id, name, attributes }) => {
		const pairs = Object.entries({ name, ...attributes }).map(
			([key, value]) => `${key}=${value.replaceAll("\n", "; ")}`,
		);
		return visible(`${time} ${type} ${action} ${id.slice(0, 12)} (${pairs.join(", ")})`);
	};
}

import { isWeftError } from "../../model/error.ts";
import { command } from "../command.ts";
import { print } from "../io.ts";

export default command({
	operands: [],
	flags: { format: { type: "string", value: "FORMAT", help: "json", completes: ["json"] } },
	examples: [{ type: "weft version", does: "Of this program, and of the agent when one runs" }],
	async run({ flags, io, agent }) {
		const { version } = await import("../../agent/version.ts");
		const running = await agentVersion(agent);
		if (flags.format === "json") return print(io, JSON.stringify({ version, ...(running && { agent: running }) }));
		print(io, `weft ${version}`);
		if (running !== undefined && running !== version) print(io, `agent ${running}`);
	},
});

async function agentVersion(
	agent: () => Promise<{ status(): Promise<{ version: string }> }>,
): Promise<string | undefined> {
	try {
		return (await (await agent()).status()).version;
	} catch (error) {
		if (isWeftError(error)) return undefined;
		throw error;
	}
}

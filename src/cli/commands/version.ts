import { isWeftError } from "../../model/error.ts";
import { command } from "../command.ts";
import { itemFormat, itemPrinter } from "../output.ts";

export default command({
	operands: [],
	flags: itemFormat,
	examples: [{ type: "weft version", does: "Of this program, and of the agent when one runs" }],
	async run({ flags, io, agent }) {
		const { version } = await import("../../agent/version.ts");
		const show = itemPrinter(io, flags.format, versionText);
		const running = await agentVersion(agent);
		show({ version, ...(running === undefined ? {} : { agent: running }) });
	},
});

function versionText({ version, agent }: { readonly version: string; readonly agent?: string }): string {
	return agent === undefined || agent === version ? `weft ${version}` : `weft ${version}\nagent ${agent}`;
}

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

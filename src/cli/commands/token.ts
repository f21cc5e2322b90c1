import type { TokenView } from "../../model/view.ts";
import { command } from "../command.ts";
import { note } from "../io.ts";
import { itemFormat, itemPrinter } from "../output.ts";
import { readSpan } from "../usage-error.ts";

export default command({
	operands: [],
	flags: {
		ttl: { type: "string", default: "1h", value: "SPAN", help: "After this the token is refused: 90s, 30m, 12h, 7d" },
		...itemFormat,
	},
	details:
		"The token is of one use. It holds the addresses of the agents and the fingerprint of their certificate authority, and is as secret as a password.",
	examples: [
		{ type: "weft token", does: "Print a token, to be typed on the next host: weft launch --join TOKEN" },
		{ type: 'ssh host2 weft launch --join "$(weft token --ttl 5m)"', does: "Join a host in one line" },
	],
	async run({ flags, io, agent }) {
		const show = itemPrinter<TokenView>(io, flags.format, ({ token }) => token);
		const view = await (await agent()).createToken({ ttlSeconds: readSpan("--ttl", flags.ttl) });
		show(view);
		if (flags.format === undefined && io.stdout.isTTY === true)
			note(io, `\non the next host, before ${view.expiresAt}:\n  weft launch --join TOKEN`);
	},
});

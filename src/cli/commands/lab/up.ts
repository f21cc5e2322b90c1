import { Lab } from "../../../lab/lab.ts";
import { command } from "../../command.ts";
import { interruptible } from "../../interruptible.ts";
import { note } from "../../io.ts";
import { readInteger } from "../../usage-error.ts";
import { labFlag } from "./lab-flag.ts";

export default command({
	operands: [],
	flags: {
		hosts: { type: "string", default: "2", value: "N", help: "How many hosts, 1 to 9" },
		bare: { type: "boolean", help: "Start no agents" },
		...labFlag,
	},
	details:
		"Hosts are network namespaces of this machine on an underlay of their own, 192.168.56.0/24: host1 is .101. Nothing else of the machine is touched.",
	root: "it makes network namespaces",
	examples: [
		{ type: "weft lab up --hosts 3", does: "Three hosts, each with an agent, in one cluster" },
		{ type: "weft lab exec host1 -- weft hosts", does: "Ask host1's agent" },
	],
	async run({ flags, io }) {
		const lab = new Lab(flags.lab);
		const hosts = readInteger("--hosts", flags.hosts, 1, 9);
		return interruptible(io, async (signal) => {
			await lab.up({
				hosts,
				agents: !flags.bare,
				signal,
				onProgress: ({ host, address, what, tookMs }) =>
					note(io, `${host}  ${address}  ${what}  ${Math.round(tookMs)} ms`),
			});
			const flag = flags.lab === "lab" ? "" : ` --lab ${flags.lab}`;
			const first = flags.bare ? "weft launch" : "weft network create -d overlay ov_net1";
			note(io, `\nnext:\n  weft lab exec${flag} host1 -- ${first}\n  weft lab down${flag}`);
		});
	},
});

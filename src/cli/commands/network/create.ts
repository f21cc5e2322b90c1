import { command } from "../../command.ts";
import { note, print } from "../../io.ts";
import { readInteger, readPairs, UsageError } from "../../usage-error.ts";

/** Docker's own name for it, and a short one. */
const mtuOptions = ["com.docker.network.driver.mtu", "mtu"];

export default command({
	operands: [{ name: "NETWORK" }],
	flags: {
		driver: {
			type: "string",
			short: "d",
			default: "overlay",
			value: "DRIVER",
			help: "overlay, or weft (the same)",
			completes: ["overlay", "weft"],
		},
		subnet: {
			type: "string",
			value: "PREFIX",
			help: "10.1.0.0/24, say; the first free of 10.0.0.0/24, 10.0.1.0/24 … otherwise",
		},
		"ip-range": { type: "string", value: "PREFIX", help: "Take automatic addresses from this part of the subnet only" },
		gateway: { type: "string", value: "ADDRESS", help: "The subnet's first address otherwise" },
		"aux-address": { type: "string", multiple: true, value: "NAME=ADDRESS", help: "Never hand this address out" },
		internal: { type: "boolean", help: "No way out of the network" },
		label: { type: "string", multiple: true, value: "KEY=VALUE", help: "Note something about it" },
		opt: {
			type: "string",
			short: "o",
			multiple: true,
			value: "KEY=VALUE",
			help: "com.docker.network.driver.mtu=BYTES instead of what the underlay carries",
			completes: ["com.docker.network.driver.mtu="],
		},
		attachable: { type: "boolean", hidden: true, help: "Every network of weft is" },
	},
	details: "All hosts see the network at once. Prints its id.",
	examples: [
		{ type: "weft network create blue", does: "A network with the next free subnet" },
		{
			type: "weft network create -d overlay --subnet 10.1.0.0/24 --ip-range 10.1.0.128/25 blue",
			does: "Choose the subnet, keep its lower half for fixed addresses",
		},
		{ type: "weft network create --internal db", does: "A network without a way out" },
	],
	async run({ flags, operands, io, agent }) {
		const [name = ""] = operands;
		const { subnet, gateway, "ip-range": ipRange } = flags;
		const mtuBytes = readMtu(flags.opt);
		const { id, warnings } = await (await agent()).networks.create({
			name,
			driver: flags.driver,
			...(subnet === undefined ? {} : { subnet }),
			...(ipRange === undefined ? {} : { ipRange }),
			...(gateway === undefined ? {} : { gateway }),
			auxAddresses: readPairs("--aux-address", flags["aux-address"], "router=10.0.0.2"),
			internal: flags.internal,
			labels: readLabels(flags.label),
			...(mtuBytes === undefined ? {} : { mtuBytes }),
		});
		for (const warning of warnings) note(io, `warning: ${warning}`);
		print(io, id);
	},
});

/** A label may be a key alone. */
function readLabels(labels: readonly string[]): Record<string, string> {
	return readPairs(
		"--label",
		labels.map((label) => (label.includes("=") ? label : `${label}=`)),
		"team=blue",
	);
}

function readMtu(options: readonly string[]): number | undefined {
	const pairs = Object.entries(readPairs("--opt", options, `${mtuOptions[0]}=1400`));
	const unknown = pairs.find(([key]) => !mtuOptions.includes(key));
	if (unknown !== undefined) {
		throw new UsageError(`Cannot take --opt ${unknown[0]}: weft has no such option`, `--opt ${mtuOptions[0]}=1400`);
	}
	const [mtu] = pairs;
	return mtu === undefined ? undefined : readInteger(`--opt ${mtu[0]}`, mtu[1], 68, 65_485);
}

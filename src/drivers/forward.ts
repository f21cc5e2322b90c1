import { WeftError } from "../model/error.ts";
import { hostNetns, type NftForeignRule } from "../model/kernel-state.ts";
import type { NftFamily, NftRule } from "../model/nft.ts";

/** The bridge in the host's namespace by which containers reach the world. */
export const gatewayBridge = "weft_gwbridge";

/** A chain of another program that drops forwarded traffic which is not accepted in it. */
export interface ForwardFilter {
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
	/** Only the program that made its table may write into it. */
	readonly owned: boolean;
}

/**
 * A drop is final whichever table it stands in, so the accept must stand in the chain that would drop.
 * @param uplinks The interfaces that lead out of the host. To others (a bridge of Docker's) the firewall's own rules go on to hold.
 * @returns Nothing for a chain that cannot be written to: {@link forwardDropped}.
 */
export function forwardAccepts(filter: ForwardFilter, uplinks: readonly string[]): NftForeignRule[] {
	const { family, table, chain } = filter;
	if (filter.owned) return [];
	const place = { kind: "nft-rule", ns: hostNetns, family, table, chain } as const;
	return [
		...uplinks.map((uplink) => ({ ...place, comment: `weft: containers to ${uplink}`, rule: toUplink(uplink) })),
		{ ...place, comment: "weft: answers to containers", rule: answers },
	];
}

function toUplink(uplink: string): NftRule {
	return {
		statements: [
			{ field: "iifname", op: "==", value: gatewayBridge },
			{ field: "oifname", op: "==", value: uplink },
			{ verdict: "accept" },
		],
	};
}

/** Without `ct state`, which iptables cannot read back; what is no answer is dropped in weft's own table. */
const answers: NftRule = { statements: [{ field: "oifname", op: "==", value: gatewayBridge }, { verdict: "accept" }] };

/** @returns What to tell about a chain that cannot be written to. */
export function forwardDropped({ family, table, chain }: ForwardFilter, uplinks: readonly string[]): WeftError {
	const out = `iifname "${gatewayBridge}" oifname { ${uplinks.join(", ")} } accept`;
	const back = `oifname "${gatewayBridge}" accept`;
	return new WeftError(
		"FORWARD_DROPPED",
		`Cannot let containers reach the world: chain ${chain} of table ${family} ${table} drops what they send, and its owner alone may write into it`,
		{
			fix:
				table === "firewalld"
					? "set NftablesTableOwner=no in /etc/firewalld/firewalld.conf, then: firewall-cmd --reload"
					: `let the program that owns the table add to ${chain}: ${out}; ${back}`,
		},
	);
}

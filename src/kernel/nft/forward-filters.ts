import type { HostFacts } from "../kernel.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { dumpChains, type HeldChain } from "./chain.ts";
import { dumpRules, type HeldRule } from "./rule.ts";
import { dumpTables, isDormant, isOwned, ownTable } from "./table.ts";

/** The chain that Docker leaves to others, in front of its own rules. */
const dockerUserChain = "DOCKER-USER";

/**
 * @returns The chains of other programs by which forwarded IPv4 traffic is dropped unless it is accepted in them: by policy, or by
 * a last rule that takes all. Where Docker asks in the chain that it leaves to others, that one.
 */
export function forwardFilters(socket: NetlinkSocket): HostFacts["forwardFilters"] {
	const tables = dumpTables(socket).filter((table) => table.name !== ownTable && !isDormant(table));
	return dumpChains(socket).flatMap((chain) => {
		const { family, name, hook } = chain;
		const table = tables.find((one) => one.family === family && one.name === chain.table);
		if (table === undefined || family === "bridge" || hook?.hook !== "forward") return [];
		const rules = rulesOf(socket, chain);
		if (hook.policy !== "drop" && rules.at(-1)?.refusesAll !== true) return [];
		const forUsers = rules.some(({ rule }) => asksUsers(rule));
		return [{ family, table: table.name, chain: forUsers ? dockerUserChain : name, owned: isOwned(table) }];
	});
}

function rulesOf(socket: NetlinkSocket, { family, table, name }: HeldChain): HeldRule[] {
	return dumpRules(socket, { family, table, chain: name });
}

function asksUsers(rule: HeldRule["rule"]): boolean {
	const [first] = rule?.statements ?? [];
	return first !== undefined && "jump" in first && first.jump === dockerUserChain;
}

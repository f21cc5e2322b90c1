import type { NftChain, NftFamily } from "../../model/nft.ts";
import type { Attributes } from "../netlink/attributes.ts";
import { type Message, NLM_F_CREATE, type Request } from "../netlink/message.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { anyFamily, familyOf, nftAttributes, nftMessage, readAll } from "./message.ts";
import { NFT_MSG, NFTA } from "./uapi.ts";

type Hook = NonNullable<NftChain["hook"]>;

/** A chain as the kernel holds it, without its rules. */
export interface HeldChain extends Pick<NftChain, "name" | "hook"> {
	readonly family: NftFamily;
	readonly table: string;
}

/** enum nf_inet_hooks; NF_BR_* are the same. */
const hookNumbers: Readonly<Record<Hook["hook"], number>> = {
	prerouting: 0,
	input: 1,
	forward: 2,
	output: 3,
	postrouting: 4,
};
/** NF_DROP, NF_ACCEPT. */
const policies = ["drop", "accept"] as const;
const chainTypes = ["filter", "nat", "route"] as const;

export function newChain(family: NftFamily, table: string, { name, hook }: NftChain): Request {
	const writer = nftMessage(NFT_MSG.NEWCHAIN, family, NLM_F_CREATE)
		.attributeString(NFTA.CHAIN_TABLE, table)
		.attributeString(NFTA.CHAIN_NAME, name);
	if (hook === undefined) return writer.finish();
	return writer
		.attributeString(NFTA.CHAIN_TYPE, hook.type)
		.attributeU32be(NFTA.CHAIN_POLICY, policies.indexOf(hook.policy))
		.nest(NFTA.CHAIN_HOOK, (w) => {
			w.attributeU32be(NFTA.HOOK_HOOKNUM, hookNumbers[hook.hook]).attributeU32be(NFTA.HOOK_PRIORITY, hook.priority);
		})
		.finish();
}

/** @returns All chains of the namespace. */
export function dumpChains(socket: NetlinkSocket): HeldChain[] {
	return readAll(socket, nftMessage(NFT_MSG.GETCHAIN, anyFamily), readChain);
}

/** @returns undefined for a chain of a family that weft has no use for; no hook for a hook or type of that sort. */
function readChain(message: Message): HeldChain | undefined {
	const attributes = nftAttributes(message);
	const family = familyOf(message);
	const table = attributes.string(NFTA.CHAIN_TABLE);
	const name = attributes.string(NFTA.CHAIN_NAME);
	if (family === undefined || table === undefined || name === undefined) return undefined;
	const hook = readHook(attributes);
	return hook === undefined ? { family, table, name } : { family, table, name, hook };
}

function readHook(attributes: Attributes): Hook | undefined {
	const placed = attributes.nested(NFTA.CHAIN_HOOK);
	const number = placed?.u32be(NFTA.HOOK_HOOKNUM);
	const priority = placed?.u32be(NFTA.HOOK_PRIORITY);
	const policy = policies[attributes.u32be(NFTA.CHAIN_POLICY) ?? -1];
	const type = chainTypes.find((one) => one === attributes.string(NFTA.CHAIN_TYPE));
	const hook = (Object.keys(hookNumbers) as Hook["hook"][]).find((one) => hookNumbers[one] === number);
	if (priority === undefined || policy === undefined || type === undefined || hook === undefined) return undefined;
	return { type, hook, priority: priority | 0, policy };
}

import type { KernelOp } from "../../model/kernel-op.ts";
import type { NftElement, NftForeignRule, NftTable } from "../../model/kernel-state.ts";
import type { NftType } from "../../model/nft.ts";
import type { Request } from "../netlink/message.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { delRule, dumpRules, type HeldRule, newRule } from "./rule.ts";
import { elementMessage, getSet } from "./set.ts";
import { delTable, replaceTable } from "./table.ts";

/** The messages of one transaction. What has to be asked before (a set's type, a rule's handle) is asked once. */
export class NftRequests {
	readonly #socket: NetlinkSocket;
	readonly #setTypes = new Map<string, readonly NftType[]>();
	readonly #rules = new Map<string, HeldRule[]>();
	#nextSetId = 1;

	constructor(socket: NetlinkSocket) {
		this.#socket = socket;
	}

	/** @throws {Errno} ENOENT: the set of an element. @throws {RangeError} A rule or an element is malformed. */
	of({ verb, resource }: KernelOp): Request[] {
		switch (resource.kind) {
			case "nft-table":
				return verb === "del" ? [delTable(resource)] : this.#replaceTable(resource);
			case "nft-element":
				return [this.#element(verb === "del" ? "del" : "add", resource)];
			case "nft-rule":
				return verb === "del" ? this.#withdraw(resource) : [...this.#withdraw(resource), insert(resource)];
			default:
				throw new TypeError(`Cannot apply ${resource.kind} through nf_tables`);
		}
	}

	#replaceTable(table: NftTable): Request[] {
		const requests = replaceTable(table, this.#nextSetId);
		this.#nextSetId += table.sets.length;
		for (const { name, type } of table.sets) this.#setTypes.set(`${table.family} ${table.name} ${name}`, type);
		return requests;
	}

	#element(verb: "add" | "del", { family, table, set: name, element }: NftElement): Request {
		const key = `${family} ${table} ${name}`;
		const type = this.#setTypes.get(key) ?? getSet(this.#socket, family, table, name).type;
		if (type === undefined) throw new RangeError(`Cannot ${verb} an element of ${key}: not a set of weft's`);
		this.#setTypes.set(key, type);
		return elementMessage(verb, { family, table, name, type }, element);
	}

	/** @returns The deletion of what stands in the chain under that comment. */
	#withdraw(wanted: NftForeignRule): Request[] {
		const key = `${wanted.family} ${wanted.table} ${wanted.chain}`;
		const held = this.#rules.get(key) ?? dumpRules(this.#socket, wanted);
		this.#rules.set(
			key,
			held.filter((rule) => rule.comment !== wanted.comment),
		);
		return held.filter((rule) => rule.comment === wanted.comment).map(delRule);
	}
}

function insert({ rule, comment, ...place }: NftForeignRule): Request {
	return newRule(place, rule, "head", comment);
}

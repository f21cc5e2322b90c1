import { parseMac } from "./address.ts";
import { causeText, WeftError } from "./error.ts";
import { localKeys } from "./keys.ts";
import {
	type Check,
	type Field,
	faultOf,
	isAddress,
	isBoolean,
	isCount,
	isListOf,
	isPrefix,
	isRecordOf,
	isText,
	isTime,
	maybe,
} from "./shape.ts";

const isId: Field = (value) => typeof value === "string" && value !== "" && !value.includes("/");
const isMac: Field = (value) => typeof value === "string" && parseMac(value) === value;
const isMapOf =
	(item: Field): Field =>
	(value) =>
		typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(item);

const isWithdrawn = isRecordOf({ networkId: isId, endpointId: isId });
const isAttachment = isRecordOf({
	networkId: isId,
	endpointId: isId,
	port: isCount,
	ifname: isText,
	wayOut: isBoolean,
});

const host = faultOf({
	id: isId,
	name: isText,
	vtep: isAddress,
	agentPort: isCount,
	underlayMtuBytes: isCount,
	version: isText,
	routes: isListOf(isPrefix),
	joinedAt: isText,
});
const liveness = faultOf({ epoch: isCount, since: isText });
const network = faultOf({
	id: isId,
	name: isText,
	driver: isText,
	vni: isCount,
	subnet: isPrefix,
	ipRange: maybe(isPrefix),
	gateway: isAddress,
	auxAddresses: isMapOf(isAddress),
	internal: isBoolean,
	mtuBytes: maybe(isCount),
	labels: isMapOf(isText),
	createdAt: isText,
});
const endpoint = faultOf({
	id: isId,
	networkId: isId,
	hostId: isId,
	sandboxId: isId,
	name: isText,
	aliases: isListOf(isText),
	address: isAddress,
	mac: isMac,
});
const sandbox = faultOf({
	id: isId,
	name: isText,
	netns: isText,
	owned: isBoolean,
	cookie: maybe(isText),
	attachments: isListOf(isAttachment),
	withdrawn: maybe(isListOf(isWithdrawn)),
	gateway: maybe(isRecordOf({ address: isAddress, ifname: isText })),
});
const identity = faultOf({
	id: isId,
	name: isText,
	vtep: isAddress,
	underlayDev: isText,
	storeUrl: isText,
	gatewaySubnet: isPrefix,
	epoch: isCount,
	joinedAt: isTime,
});
const released = isRecordOf({ releasedAt: isCount });
const addressClaim: Check = (value) =>
	isRecordOf({ endpoint: isId })(value) || released(value)
		? undefined
		: "it says neither who has it, nor since when nobody does";
const vniClaim: Check = (value) =>
	isRecordOf({ network: isId })(value) || released(value)
		? undefined
		: "it says neither what has it, nor since when nothing does";
const token = faultOf({ expiresAt: isCount, usedAt: maybe(isCount), usedBy: maybe(isText) });

/** What stands at a key, by the key's first part. */
const checks: Readonly<Record<string, Check>> = {
	hosts: host,
	alive: liveness,
	networks: network,
	endpoints: endpoint,
	ipam: addressClaim,
	vnis: vniClaim,
	tokens: token,
	[localKeys.sandboxes]: sandbox,
	[localKeys.identity]: identity,
};

/**
 * @returns The value of a record, as the type that its key says.
 * @throws {WeftError} DATABASE_DAMAGED for one that weft did not write so.
 */
export function readRecord<T>(key: string, text: string): T {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw damagedRecord(key, causeText(error));
	}
	const fault = checks[key.split("/", 1)[0] ?? ""]?.(value);
	if (fault !== undefined) throw damagedRecord(key, fault);
	return value as T;
}

export function damagedRecord(key: string, fault: string): WeftError {
	return new WeftError("DATABASE_DAMAGED", `Cannot read record "${key}": ${fault}; it was left as it is`, {
		fix: "find out which host wrote it, or restore the database of the store's host from a backup",
	});
}

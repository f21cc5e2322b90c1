import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { decode, encode } from "../control/context.ts";
import type { GatewayPool } from "../drivers/gateway.ts";
import type { HostFacts } from "../kernel/kernel.ts";
import { type Ipv4, ipv4FromNumber, parseIpv4 } from "../model/address.ts";
import { WeftError } from "../model/error.ts";
import type { HostId } from "../model/host.ts";
import { localKeys } from "../model/keys.ts";
import type { LaunchOptions } from "../model/launch.ts";
import { type Prefix, prefix, prefixesOverlap, spanOf } from "../model/prefix.ts";
import type { Store } from "../store/store.ts";
import { type Underlay, underlayNow } from "./underlay.ts";

/** Who this host is, and how it was launched: kept in its own database, so that a restart needs no flags. */
export interface Identity {
	readonly id: HostId;
	readonly name: string;
	readonly vtep: Ipv4;
	/** The interface that has it: when it gets another address, that is advertised. */
	readonly underlayDev: string;
	/** "sqlite:", "weft://host:port", "etcd://a,b", "consuls://a,b". */
	readonly storeUrl: string;
	readonly gatewaySubnet: Prefix;
	/** Counts the agent's starts. */
	readonly epoch: number;
	readonly joinedAt: string;
	/** A host whose agent is silent this long is taken for dead: its names hide, its addresses stay. 10 when omitted. */
	readonly leaseSeconds?: number;
	/** As in the host's record. */
	readonly graceSeconds?: number;
}

/** The agent's TLS port: join, and the embedded store. */
export const agentPort = 4790;

/** @throws {WeftError} DATABASE_DAMAGED */
export async function readIdentity(local: Store): Promise<Identity | undefined> {
	const entry = await local.get(localKeys.identity);
	if (entry === undefined) return undefined;
	try {
		return decode<Identity>(entry);
	} catch (cause) {
		throw new WeftError("DATABASE_DAMAGED", `Cannot tell who this host is, by ${local.health.url}`, {
			fix: "restore a backup of that file; without one, stop this host's containers, move the whole folder away, and launch again",
			cause,
		});
	}
}

export async function writeIdentity(local: Store, identity: Identity): Promise<void> {
	await local.txn([], [{ put: localKeys.identity, value: encode(identity) }]);
}

/** @returns The identity for a launch: the former one, with what the options change. @throws {WeftError} ADDRESS_INVALID, CONFIG_INVALID */
export function nextIdentity(former: Identity | undefined, options: LaunchOptions, facts: HostFacts): Identity {
	const kept = former === undefined ? undefined : underlayNow(former, facts)?.vtep;
	const vtep = chooseVtep(options.advertiseAddr ?? kept, facts);
	const [leaseSeconds, graceSeconds] = [
		options.leaseSeconds ?? former?.leaseSeconds,
		options.graceSeconds ?? former?.graceSeconds,
	];
	return {
		id: former?.id ?? randomBytes(16).toString("hex"),
		name: options.name ?? former?.name ?? hostname(),
		vtep,
		underlayDev: facts.links.find(({ addresses }) => addresses.includes(vtep))?.name ?? "",
		storeUrl: options.store ?? former?.storeUrl ?? "sqlite:",
		gatewaySubnet: former?.gatewaySubnet ?? freeGatewaySubnet(facts),
		epoch: (former?.epoch ?? 0) + 1,
		joinedAt: former?.joinedAt ?? new Date().toISOString(),
		...(leaseSeconds === undefined ? {} : { leaseSeconds }),
		...(graceSeconds === undefined ? {} : { graceSeconds }),
	};
}

function chooseVtep(text: string | undefined, { links, routes }: HostFacts): Ipv4 {
	if (text === undefined) {
		const dev = routes.find(({ dst }) => dst === "0.0.0.0/0")?.dev;
		const address = links.find(({ name }) => name === dev)?.addresses[0];
		if (address !== undefined) return address;
		throw new WeftError(
			"CONFIG_INVALID",
			"Cannot choose the address that other hosts reach this one at: there is no default route",
			{
				fix: "weft launch --advertise-addr IP",
			},
		);
	}
	const address = parseIpv4(text);
	if (address === undefined) {
		throw new WeftError("ADDRESS_INVALID", `Cannot advertise "${text}": it is not an IPv4 address`, {
			fix: "weft launch --advertise-addr 192.168.56.101",
		});
	}
	if (!links.some(({ addresses }) => addresses.includes(address))) {
		const own = links.flatMap(({ name, addresses }) => addresses.map((one) => `${one} (${name})`));
		throw new WeftError("ADDRESS_INVALID", `Cannot advertise ${address}: no interface of this host has it`, {
			fix: `choose one of ${own.join(", ")}`,
		});
	}
	return address;
}

/** 172.18.0.0/16 is where Docker's gateway bridge stands, too; the first that nothing here routes to is taken. */
function freeGatewaySubnet({ routes }: HostFacts): Prefix {
	const taken = routes.map(({ dst }) => dst).filter((dst) => dst !== "0.0.0.0/0");
	for (let second = 18; second < 32; second++) {
		const subnet = prefix(`172.${second}.0.0/16`);
		if (!taken.some((one) => prefixesOverlap(one, subnet))) return subnet;
	}
	throw new WeftError(
		"POOL_EXHAUSTED",
		"Cannot choose a subnet for weft_gwbridge: this host routes to all of 172.18.0.0/16 to 172.31.0.0/16",
		{
			fix: "free one of them",
		},
	);
}

export function gatewayPool({ gatewaySubnet }: Identity, { mtuBytes }: Underlay): GatewayPool {
	return {
		subnet: gatewaySubnet,
		gateway: ipv4FromNumber(spanOf(gatewaySubnet).first + 1),
		mtuBytes,
	};
}

import type { NetworkJoin } from "../model/service.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Reads `--network NAME[:ip=ADDRESS,alias=NAME,…]`.
 * @throws {UsageError}
 */
export function readNetwork(text: string): NetworkJoin {
	const colon = text.indexOf(":");
	if (colon < 0) return { network: text, aliases: [] };
	const aliases: string[] = [];
	let ip: string | undefined;
	for (const part of text.slice(colon + 1).split(",")) {
		const [key, value] = splitOnce(part);
		if (value === undefined || (key !== "ip" && key !== "alias")) {
			throw new UsageError(
				`Cannot take --network ${JSON.stringify(text)}: "${part}" is neither ip=ADDRESS nor alias=NAME`,
				"--network blue:ip=10.0.0.9,alias=db",
			);
		}
		if (key === "alias") aliases.push(value);
		else ip = value;
	}
	return { network: text.slice(0, colon), aliases, ...(ip === undefined ? {} : { ip }) };
}

function splitOnce(text: string): [string, string | undefined] {
	const equals = text.indexOf("=");
	return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/**
 * Puts `--ip` and `--alias` where they belong: aliases in each network, the address in the only one.
 * @throws {UsageError}
 */
export function joinsOf(
	networks: readonly string[],
	ip: string | undefined,
	aliases: readonly string[],
): NetworkJoin[] {
	const joins = networks.map(readNetwork);
	const twice = joins.find(({ network }, i) => joins.findIndex((join) => join.network === network) !== i);
	if (twice !== undefined) {
		throw new UsageError(
			`Cannot take --network ${twice.network} twice: a container is in a network once`,
			`--network ${twice.network}:alias=NAME for one more name`,
		);
	}
	if (ip !== undefined && joins.length !== 1) {
		throw new UsageError(
			`Cannot take --ip ${ip}: it goes with one network, ${joins.length} are given`,
			`--network NAME:ip=${ip}`,
		);
	}
	if (aliases.length > 0 && joins.length === 0) {
		throw new UsageError("Cannot take --alias: no network is given", `--network NAME --alias ${aliases[0]}`);
	}
	return joins.map((join) => ({
		...join,
		aliases: [...join.aliases, ...aliases],
		...(ip === undefined ? {} : { ip }),
	}));
}

import { rm } from "node:fs/promises";
import { writeWhole } from "../lib/whole-file.ts";
import { isWeftError } from "../model/error.ts";
import type { NetworkJoin } from "../model/service.ts";
import type { Container } from "../sandbox/container.ts";
import { joinsFault, jsonOf } from "../sandbox/container-file.ts";
import type { ContainerPaths, ContainerSpec } from "../sandbox/spec.ts";
import { hostsLine, sandboxOf } from "./container-spec.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** Notes the networks that a container is about to leave. What was noted first holds: leaving may take several attempts. */
export async function noteLeft(paths: ContainerPaths, joins: readonly NetworkJoin[]): Promise<void> {
	const former = await readLeft(paths).catch((error: unknown) => {
		// What it is about to leave is known here.
		if (!isWeftError(error, "FILE_DAMAGED")) throw error;
	});
	if (former !== undefined) return;
	await writeWhole(paths.left, JSON.stringify(joins));
}

/** Whether a container has left its networks, and is not back in all of them. */
export async function hasLeft(paths: ContainerPaths): Promise<boolean> {
	return (await readLeft(paths)) !== undefined;
}

/**
 * Brings a container that ended into the networks that it left, at its former addresses; one that is another's by now is given
 * up for a free one, unless it was asked for. All or nothing.
 * @returns The lines of its /etc/hosts.
 * @throws {WeftError} NETWORK_NOT_FOUND, ADDRESS_IN_USE, NAME_IN_USE, FILE_DAMAGED
 */
export async function comeBack(sandboxes: Sandboxes, { spec, paths }: Container): Promise<string[]> {
	const sandbox = sandboxOf(spec);
	const lines: string[] = [];
	// It may not have left to the end.
	await sandboxes.remove(spec.id);
	const joins = (await readLeft(paths)) ?? spec.networks;
	try {
		await sandboxes.add(sandbox);
		for (const join of joins) {
			const { ipAddress } = await sandboxes.connect(sandbox, join).catch((error: unknown) => {
				if (!isWeftError(error, "ADDRESS_IN_USE") || isAsked(spec, join)) throw error;
				const { network, aliases } = join;
				return sandboxes.connect(sandbox, { network, aliases });
			});
			lines.push(hostsLine(spec, ipAddress));
		}
	} catch (error) {
		await sandboxes.remove(spec.id);
		throw error;
	}
	await rm(paths.left, { force: true });
	return lines;
}

function isAsked({ networks }: ContainerSpec, { ip }: NetworkJoin): boolean {
	return networks.some((asked) => asked.ip === ip);
}

/** @throws {WeftError} FILE_DAMAGED */
async function readLeft({ left }: ContainerPaths): Promise<readonly NetworkJoin[] | undefined> {
	return (await jsonOf(left, joinsFault)) as readonly NetworkJoin[] | undefined;
}

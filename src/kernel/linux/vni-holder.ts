import { isWeftError, WeftError } from "../../model/error.ts";
import { hostNetns, type VxlanLink } from "../../model/kernel-state.ts";
import { codeOf, Errno } from "../errno.ts";
import { getLinkRequest, getLinksRequest } from "../netlink/link.ts";
import { type LinkInfo, readLink } from "../netlink/link-read.ts";
import type { Message } from "../netlink/message.ts";
import { getNsidsRequest, readNsid } from "../netlink/nsid.ts";
import { listNetns } from "../netns.ts";
import type { Session } from "./session.ts";

/**
 * Finds out why a vxlan device could not be made: the kernel says EEXIST for a name that is taken in its namespace,
 * and for a VNI that another device of the host's has, wherever that one was moved to.
 * @returns The error: VNI_IN_USE names the device in the way, where it can be found (a namespace that is just going keeps
 * its VNI for some 100 ms, and can't be looked into).
 */
export function vxlanExists(session: Session, link: VxlanLink, cause: Errno): Error {
	const task = `Cannot add link ${link.name} in ${link.ns}`;
	const [named] = session.route(link.ns).getMany([getLinkRequest(link.name)]);
	if (named !== undefined && !(named instanceof Errno)) {
		return new WeftError("KERNEL_REFUSED", `${task}: it exists already`, { cause });
	}
	const holder = findHolder(session, link);
	const inUse = `${task}: VNI ${link.vni} at UDP port ${link.dstPort} is in use`;
	if (holder === undefined) return new WeftError("VNI_IN_USE", inUse, { cause });
	const { name, place = "the host" } = holder;
	return new WeftError("VNI_IN_USE", `${inUse} by device ${name} in ${place}`, {
		fix: "delete that device, if nothing needs it",
		cause,
	});
}

/** @returns The device, and the name of its namespace (none for the host's). */
function findHolder(session: Session, link: VxlanLink): { name: string; place?: string } | undefined {
	const holderIn = (links: readonly LinkInfo[]) =>
		links.find(({ vxlan }) => vxlan?.vni === link.vni && vxlan.dstPort === link.dstPort)?.name;
	const host = session.route(hostNetns);
	const here = holderIn(linksOf(() => host.dump(getLinksRequest())));
	if (here !== undefined) return { name: here };
	for (const place of listNetns()) {
		const name = holderIn(linksOf(() => session.route(place).dump(getLinksRequest())));
		if (name !== undefined) return { name, place };
	}
	for (const message of host.dump(getNsidsRequest())) {
		const { nsid } = readNsid(message);
		const name = holderIn(linksOf(() => host.dump(getLinksRequest(nsid))));
		if (name !== undefined) return { name, place: `a namespace without a name (nsid ${nsid})` };
	}
	return undefined;
}

/** @returns Nothing for a namespace that went meanwhile. */
function linksOf(dump: () => Message[]): LinkInfo[] {
	try {
		return dump().map(readLink);
	} catch (error) {
		if (isWeftError(error, "NETNS_NOT_FOUND") || codeOf(error) === "EINVAL") return [];
		throw error;
	}
}

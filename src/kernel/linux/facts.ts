import { hostNetns } from "../../model/kernel-state.ts";
import { parseCidr } from "../../model/prefix.ts";
import type { HostFacts } from "../kernel.ts";
import { getAddrsRequest, readAddr } from "../netlink/addr.ts";
import { getLinksRequest } from "../netlink/link.ts";
import { readLink } from "../netlink/link-read.ts";
import { getRoutesRequest, readRoute } from "../netlink/route.ts";
import { forwardFilters } from "../nft/forward-filters.ts";
import type { Session } from "./session.ts";

/** @returns What `Kernel.facts` says. */
export function readFacts(session: Session): HostFacts {
	const socket = session.route(hostNetns);
	const links = socket.dump(getLinksRequest()).map(readLink);
	const addrs = socket.dump(getAddrsRequest()).flatMap((message) => readAddr(message) ?? []);
	const names = new Map(links.map(({ ifindex, name }) => [ifindex, name]));
	return {
		links: links.map(({ ifindex, name, mtuBytes, up }) => ({
			name,
			mtuBytes,
			up,
			addresses: addrs
				.filter((addr) => addr.ifindex === ifindex)
				.flatMap(({ address }) => parseCidr(address)?.address ?? []),
		})),
		routes: socket
			.dump(getRoutesRequest())
			.flatMap((message) => readRoute(message) ?? [])
			.map(({ ifindex, ...route }) => ({ ...route, dev: names.get(ifindex) ?? "" })),
		forwardFilters: forwardFilters(session.nft(hostNetns)),
	};
}

import { Errno } from "../errno.ts";
import { Attributes } from "./attributes.ts";
import { headerLength, type Message, NLMSG_ERROR, type Request } from "./message.ts";

/** @returns What NLMSG_ERROR or NLMSG_DONE carries; undefined for an acknowledgement. */
export function errorOf(reply: Message, request?: Request): Errno | undefined {
	const errno = reply.payload.length < 4 ? 0 : -reply.payload.readInt32LE(0);
	if (errno <= 0) return undefined;
	// With NETLINK_CAP_ACK the header of the request stands between the number and the attributes, its payload doesn't.
	const start = reply.type === NLMSG_ERROR ? 4 + headerLength : 4;
	const hasText = (reply.flags & NLM_F_ACK_TLVS) !== 0;
	const text = hasText ? new Attributes(reply.payload, start).string(NLMSGERR_ATTR_MSG) : undefined;
	return new Errno(request === undefined ? "netlink" : requestName(request), errno, text);
}

/** For messages: "netlink 16" is RTM_NEWLINK. */
export function requestName(request: Request): string {
	return `netlink ${request.readUInt16LE(4)}`;
}

const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

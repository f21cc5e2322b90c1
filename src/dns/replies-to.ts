import { headerBytes } from "./format.ts";
import { parseQuestion } from "./query.ts";

const [responseFlag, opcodeBits, rcodeBits] = [0x8000, 0x7800, 0x000f];

/** NOERROR and NXDOMAIN: what they say is said of a name. */
const ofName: readonly number[] = [0, 3];

/**
 * @returns Whether `reply` is an answer to `query`: its id, its opcode and its question (RFC 5452, section 4.2). The case of letters is
 *   not compared: there are resolvers that lower it. An error may come without the question, as from one that could not read it.
 */
export function repliesTo(reply: Buffer, query: Buffer): boolean {
	if (reply.length < headerBytes || query.length < headerBytes) return false;
	const flags = reply.readUInt16BE(2);
	if (reply.readUInt16BE(0) !== query.readUInt16BE(0) || (flags & responseFlag) === 0) return false;
	if ((flags & opcodeBits) !== (query.readUInt16BE(2) & opcodeBits)) return false;
	const questions = reply.readUInt16BE(4);
	if (questions === 0) return !ofName.includes(flags & rcodeBits);
	const asked = parseQuestion(query);
	const said = parseQuestion(reply);
	if (asked === undefined || said === undefined) return false;
	return asked.name === said.name && asked.type === said.type && asked.class === said.class;
}

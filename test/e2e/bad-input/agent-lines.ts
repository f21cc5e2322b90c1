import type { BadLine } from "./lines.ts";

/** Typed by a user who is neither root nor of the group "weft". */
export const badUserLines: readonly BadLine[] = [
	["ps", "NOT_PERMITTED", /weft\.sock: this user may not/, 1],
	["network ls", "NOT_PERMITTED", /this user may not/, 1],
	...["launch", "agent", "names", "demo", "lab up", "lab down", "lab exec host1 -- true"].map(
		(line): BadLine => [line, "NOT_PERMITTED", /and you are not root/, line.startsWith("lab exec") ? 125 : 1],
	),
];

/** Typed where an agent runs. */
export const badPlaceLines: readonly BadLine[] = [
	...["launch", "agent", "launch --join weft1.x", "launch --store etcd://10.0.0.5"].map(
		(line): BadLine => [line, "AGENT_ALREADY_RUNNING", /an agent does, pid \d+$/, 1],
	),
	["WEFT_SOCKET=/run/weft/2.sock launch", "CONFLICT", /another process holds it/, 1],
	["launch --join weft1.x --store etcd://10.0.0.5", "ARGUMENT_INVALID", /a store of your own/, 1],
	["WEFT_SOCKET=/run/weft/2.sock ps", "AGENT_UNREACHABLE", /no socket is there/, 1],
	["WEFT_SOCKET=/etc/passwd ps", "AGENT_UNREACHABLE", /it is no socket/, 1],
	["WEFT_SOCKET=/etc ps", "AGENT_UNREACHABLE", /it is no socket/, 1],
	[`WEFT_SOCKET=/${"x".repeat(120)} ps`, "AGENT_UNREACHABLE", /no path of a socket/, 1],
];

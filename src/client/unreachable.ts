import { statSync } from "node:fs";
import { isWeftError, WeftError } from "../model/error.ts";

/** @returns What a failed connection to the agent's socket means to a person. */
export function unreachable(socketPath: string, error: unknown): WeftError {
	if (isWeftError(error)) return error;
	const code = (error as NodeJS.ErrnoException).code;
	switch (code) {
		case "EACCES":
		case "EPERM":
			return new WeftError("NOT_PERMITTED", `Cannot reach the weft agent at ${socketPath}: this user may not`, {
				cause: error,
				fix: 'run it with sudo, or add the user to the group "weft"',
			});
		case "ENOENT":
			return new WeftError("AGENT_UNREACHABLE", `Cannot reach the weft agent at ${socketPath}: no socket is there`, {
				cause: error,
				fix: "sudo weft launch starts it; WEFT_SOCKET says where else it is",
			});
		case "EINVAL":
			return new WeftError(
				"AGENT_UNREACHABLE",
				`Cannot reach the weft agent at ${socketPath}: that is no path of a socket`,
				{
					fix: "set WEFT_SOCKET to a path of 107 bytes at most",
				},
			);
		case "ECONNREFUSED":
			if (!isSocket(socketPath))
				return new WeftError("AGENT_UNREACHABLE", `Cannot reach the weft agent at ${socketPath}: it is no socket`, {
					fix: "set WEFT_SOCKET to the agent's socket, or unset it",
				});
			return new WeftError("AGENT_UNREACHABLE", `Cannot reach the weft agent at ${socketPath}: it is not running`, {
				cause: error,
				fix: "sudo weft launch",
			});
		default:
			return new WeftError("AGENT_UNREACHABLE", `Cannot reach the weft agent at ${socketPath}: the connection broke`, {
				cause: error,
				fix: "weft status, or see the agent's log",
			});
	}
}

/** A path that nothing is at, or that cannot be looked at, may be one. */
function isSocket(path: string): boolean {
	try {
		return statSync(path).isSocket();
	} catch {
		return true;
	}
}

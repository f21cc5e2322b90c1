import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, unlinkSync } from "node:fs";
import { get } from "node:http";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { holderText, unixHolder } from "../kernel/port-holder.ts";
import { WeftError } from "../model/error.ts";
import { routes } from "../model/routes.ts";

/** Its members may use the agent, beside root. */
const groupName = "weft";
/** For root and the group. */
const socketMode = 0o660;
/** sun_path has 108 bytes with the ending NUL (unix(7)). */
const longestPathBytes = 107;
/** A live agent takes the connection at once. */
const probeTimeoutMs = 2_000;

/**
 * Makes the path free for a socket: makes its folder, and removes a socket that nobody answers on.
 * @throws {WeftError} AGENT_ALREADY_RUNNING, NOT_PERMITTED, CONFIG_INVALID when another thing is there
 */
export async function claimSocket(path: string): Promise<void> {
	if (Buffer.byteLength(path) > longestPathBytes) {
		throw new WeftError(
			"CONFIG_INVALID",
			`Cannot serve the API at "${path}": ${Buffer.byteLength(path)} bytes, a socket's path has at most ${longestPathBytes}`,
			{ fix: "choose a shorter --run-dir, or set WEFT_SOCKET" },
		);
	}
	attempt(path, () => mkdirSync(dirname(path), { recursive: true }));
	const stat = statSync(path, { throwIfNoEntry: false });
	if (stat === undefined) return;
	if (!stat.isSocket()) {
		throw new WeftError("CONFIG_INVALID", `Cannot serve the API at "${path}": it is there, and no socket`, {
			fix: "move it away, or set WEFT_SOCKET",
		});
	}
	if (await isAnswered(path)) throw await taken(path);
	attempt(path, () => unlinkSync(path));
}

async function taken(path: string): Promise<WeftError> {
	const pid = await agentAt(path);
	if (pid !== undefined) {
		return new WeftError("AGENT_ALREADY_RUNNING", `Cannot serve the API at "${path}": an agent does, pid ${pid}`, {
			fix: "weft status shows it",
		});
	}
	const holder = unixHolder(path);
	const who = holder === undefined ? "another program" : holderText(holder);
	return new WeftError("CONFIG_INVALID", `Cannot serve the API at "${path}": ${who} listens there`, {
		fix: "stop it, or set WEFT_SOCKET",
	});
}

function attempt(path: string, change: () => void): void {
	try {
		change();
	} catch (error) {
		throw notServed(path, error);
	}
}

function notServed(path: string, cause: unknown): WeftError {
	const { code } = cause as NodeJS.ErrnoException;
	if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
		return new WeftError("NOT_PERMITTED", `Cannot serve the API at "${path}": this user may not write there`, {
			cause,
			fix: "run it with sudo, or choose another --run-dir",
		});
	}
	return new WeftError("CONFIG_INVALID", `Cannot serve the API at "${path}": no socket can be made there`, {
		cause,
		fix: "choose another --run-dir, or set WEFT_SOCKET",
	});
}

async function isAnswered(path: string): Promise<boolean> {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const socket = connect(path);
	socket.setTimeout(probeTimeoutMs, () => resolve(true));
	socket.once("connect", () => resolve(true));
	socket.once("error", () => resolve(false));
	try {
		return await promise;
	} finally {
		socket.destroy();
	}
}

/** @returns The pid of the agent that answers; undefined when it is none, or says nothing in time. */
function agentAt(socketPath: string): Promise<number | undefined> {
	const { promise, resolve } = Promise.withResolvers<number | undefined>();
	const request = get({ socketPath, path: routes.status.path, timeout: probeTimeoutMs, agent: false }, (response) => {
		let text = "";
		response.setEncoding("utf8");
		response.on("data", (chunk: string) => {
			text += chunk;
		});
		response.on("error", () => resolve(undefined));
		response.on("end", () => resolve(pidIn(text)));
	});
	request.on("timeout", () => request.destroy());
	request.on("error", () => resolve(undefined));
	request.on("close", () => resolve(undefined));
	return promise;
}

function pidIn(text: string): number | undefined {
	try {
		const { pid } = JSON.parse(text) as { pid?: unknown };
		return typeof pid === "number" ? pid : undefined;
	} catch {
		return undefined;
	}
}

/** Listens at a path that was claimed. The socket is never wider open than {@link socketMode}. */
export async function listen(server: Server, path: string): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	server.once("error", reject);
	server.once("listening", resolve);
	// The socket is bound within the call, so nothing else sees the mask.
	const mask = process.umask(0o777 & ~socketMode);
	server.listen(path);
	process.umask(mask);
	await promise.catch((error: unknown) => {
		throw notServed(path, error);
	});
	server.off("error", reject);
	const gid = groupId();
	if (gid !== undefined && process.getuid?.() === 0) chownSync(path, 0, gid);
	chmodSync(path, socketMode);
}

/** @returns undefined when this machine has no such group. */
function groupId(): number | undefined {
	try {
		const line = readFileSync("/etc/group", "utf8")
			.split("\n")
			.find((entry) => entry.startsWith(`${groupName}:`));
		return line === undefined ? undefined : Number(line.split(":")[2]);
	} catch {
		return undefined;
	}
}

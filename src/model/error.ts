import { visible } from "./visible.ts";

/**
 * Every way in which weft can refuse, with the HTTP status that the API answers it with.
 * A code is permanent: scripts branch on it. A new one is added here, and nowhere else.
 */
export const errorCodes = {
	ADDRESS_IN_USE: 409,
	ADDRESS_INVALID: 400,
	ADDRESS_OUTSIDE_SUBNET: 400,
	ADDRESS_RESERVED: 400,
	AGENT_ALREADY_RUNNING: 409,
	AGENT_UNREACHABLE: 503,
	ARGUMENT_INVALID: 400,
	BACKUP_DAMAGED: 400,
	BODY_TOO_LARGE: 413,
	COMMAND_NOT_EXECUTABLE: 400,
	COMMAND_NOT_FOUND: 400,
	CONFIG_INVALID: 400,
	CONFLICT: 409,
	CONTAINER_EXISTS: 409,
	CONTAINER_NOT_FOUND: 404,
	CONTAINER_NOT_RUNNING: 409,
	CONTAINER_RUNNING: 409,
	CONTENT_TYPE_INVALID: 415,
	DATABASE_DAMAGED: 500,
	DRIVER_UNKNOWN: 400,
	ENDPOINT_EXISTS: 409,
	ENDPOINT_NOT_FOUND: 404,
	FILE_DAMAGED: 500,
	FORWARD_DROPPED: 409,
	HOST_ALIVE: 409,
	HOST_NOT_FOUND: 404,
	INTERNAL: 500,
	KERNEL_LIMIT: 507,
	KERNEL_REFUSED: 500,
	KERNEL_UNSUPPORTED: 501,
	LAB_FAILED: 500,
	MTU_TOO_SMALL: 400,
	NAME_IN_USE: 409,
	NAME_INVALID: 400,
	NETNS_NOT_FOUND: 404,
	NETWORK_EXISTS: 409,
	NETWORK_HAS_ENDPOINTS: 409,
	NETWORK_NOT_FOUND: 404,
	NOT_PERMITTED: 403,
	POOL_EXHAUSTED: 409,
	PORT_IN_USE: 409,
	PROGRAM_MISSING: 500,
	ROUTE_NOT_FOUND: 404,
	SANDBOX_FAILED: 500,
	STORE_CONFLICT: 409,
	STORE_CURSOR_LOST: 410,
	STORE_FULL: 507,
	STORE_MOVING: 503,
	STORE_NOT_EMPTY: 409,
	STORE_REFUSED: 403,
	STORE_UNREACHABLE: 503,
	SUBNET_INVALID: 400,
	SUBNET_OVERLAPS: 409,
	TIMEOUT: 504,
	TOKEN_EXPIRED: 403,
	TOKEN_INVALID: 403,
	TOKEN_USED: 403,
	VNI_EXHAUSTED: 409,
	VNI_IN_USE: 409,
	VXLAN_PORT_IN_USE: 409,
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** A {@link WeftError} as it crosses a socket. Its texts hold nothing that a terminal would obey. */
export interface ErrorBody {
	readonly code: ErrorCode;
	/** "Cannot + verb + object: current, wanted", no final full stop. */
	readonly message: string;
	/** What the layer below said, when there is one. */
	readonly cause?: string;
	/** A command or a setting that helps. */
	readonly fix?: string;
	/** The field of the request that is wrong: "networks[0].ip". */
	readonly field?: string;
}

interface WeftErrorOptions {
	readonly cause?: unknown;
	readonly fix?: string;
	readonly field?: string;
}

/** The one error that users see: what could not be done and why, what to do, and a permanent code. */
export class WeftError extends Error {
	override readonly name = "WeftError";
	readonly code: ErrorCode;
	readonly fix: string | undefined;
	readonly field: string | undefined;

	constructor(code: ErrorCode, message: string, { cause, fix, field }: WeftErrorOptions = {}) {
		super(message, cause === undefined ? undefined : { cause });
		this.code = code;
		this.fix = fix;
		this.field = field;
	}

	get status(): number {
		return errorCodes[this.code];
	}

	toBody(): ErrorBody {
		return {
			code: this.code,
			message: visible(this.message),
			...(this.cause === undefined ? {} : { cause: visible(causeText(this.cause)) }),
			...(this.fix === undefined ? {} : { fix: visible(this.fix) }),
			...(this.field === undefined ? {} : { field: visible(this.field) }),
		};
	}

	static fromBody({ code, message, ...options }: ErrorBody): WeftError {
		return new WeftError(code, message, options);
	}
}

/** @returns `error` itself when it is a WeftError with one of `codes` (any code when none is named). */
export function isWeftError(error: unknown, ...codes: ErrorCode[]): error is WeftError {
	return error instanceof WeftError && (codes.length === 0 || codes.includes(error.code));
}

/** @returns The text of a cause of any type, innermost causes behind it. */
export function causeText(cause: unknown): string {
	if (!(cause instanceof Error)) return String(cause);
	return cause.cause === undefined ? cause.message : `${cause.message}: ${causeText(cause.cause)}`;
}

import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { callTimeoutMs } from "../endpoints.ts";
import { Auth } from "./gen/rpc_pb.js";

/** A user of etcd's own. */
export interface User {
	readonly name: string;
	readonly password: string;
}

/** Who we are to a store, and the token that it gave us for that. */
export class Login {
	readonly #user: User;
	#token: Promise<string> | undefined;

	constructor(user: User) {
		this.#user = user;
	}

	/** @param transport Bears no token. @returns What proves the user; those who ask at the same time share one. */
	token(transport: Transport): Promise<string> {
		this.#token ??= createClient(Auth, transport)
			.authenticate(this.#user, { timeoutMs: callTimeoutMs })
			.then(({ token }) => token);
		// The next one asks again.
		this.#token.catch(() => this.forget());
		return this.#token;
	}

	/** For a token that is too old, or of a server that has begun anew. */
	forget(): void {
		this.#token = undefined;
	}
}

/** Shows the user's token with each call; takes a new one when the store knows it no more. */
export function loggedIn(login: Login, transport: Transport): Interceptor {
	return (next) => async (request) => {
		request.header.set("token", await login.token(transport));
		try {
			return await next(request);
		} catch (error) {
			if (request.stream || !isStale(error)) throw error;
			login.forget();
			request.header.set("token", await login.token(transport));
			return next(request);
		}
	};
}

/** A token is unknown, or its user's rights have changed since: "revision of auth store is old" comes as a bad argument. */
function isStale(error: unknown): boolean {
	const { code, rawMessage } = ConnectError.from(error);
	return code === Code.Unauthenticated || (code === Code.InvalidArgument && rawMessage.includes("auth store is old"));
}

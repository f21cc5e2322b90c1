import type { Http2ServerRequest, Http2ServerResponse, Http2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import { ConnectError } from "@connectrpc/connect";
import { Call } from "./call.ts";
import { Member } from "./member.ts";

/** All members that ever called, by their certificates; without TLS, by their addresses. */
export class Members {
	readonly #members = new Map<string, Member>();
	readonly #names = new WeakMap<Http2Session, string>();

	/** @returns The call that begins; undefined when its member has too many under way, and was told. */
	begin(request: Http2ServerRequest, response: Http2ServerResponse): Call | undefined {
		try {
			const call = new Call(this.#memberOf(request.stream.session));
			response.once("close", () => call.close());
			return call;
		} catch (error) {
			const { code, rawMessage } = ConnectError.from(error);
			response.writeHead(200, {
				"content-type": "application/grpc",
				"grpc-status": `${code}`,
				"grpc-message": encodeURIComponent(rawMessage),
			});
			response.end();
			return undefined;
		}
	}

	#memberOf(session: Http2Session | undefined): Member {
		const name = session === undefined ? "" : (this.#names.get(session) ?? nameOf(session));
		if (session !== undefined) this.#names.set(session, name);
		let member = this.#members.get(name);
		if (member === undefined) this.#members.set(name, (member = new Member()));
		return member;
	}
}

function nameOf({ socket, encrypted }: Http2Session): string {
	const certificate = encrypted === true ? (socket as TLSSocket).getPeerX509Certificate() : undefined;
	return certificate?.fingerprint256 ?? socket.remoteAddress ?? "";
}

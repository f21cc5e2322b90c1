import type { ClientHttp2Session } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";

/** A store that takes 2 s to answer is slow, and not dead. A dead one is found in 5 s, also on a stream that is silent for good reasons. */
const liveness = { pingIntervalMs: 2_000, pingTimeoutMs: 3_000, pingIdleConnection: true };

/**
 * The HTTP/2 sessions with one server. A session that the manager gives up tells its error when its socket has closed; a request
 * that comes before that makes the manager let go of it, and an error that nobody hears ends the process. So does a ping of a session
 * that is gone: the manager asks for one when a stream is the last to learn of it, as after a certificate that the server refused.
 */
export class Sessions extends Http2SessionManager {
	readonly #heard = new WeakSet<ClientHttp2Session>();

	/** @param options As of http2.connect(). */
	constructor(url: string, options: ConstructorParameters<typeof Http2SessionManager>[2]) {
		super(url, liveness, options);
	}

	override async request(...asked: Parameters<Http2SessionManager["request"]>) {
		const stream = await super.request(...asked);
		const { session } = stream;
		if (session !== undefined && !this.#heard.has(session as ClientHttp2Session)) {
			const known = session as ClientHttp2Session;
			this.#heard.add(known);
			known.on("error", () => {});
			const ping = known.ping.bind(known);
			known.ping = (...args: [never]) => !known.destroyed && ping(...args);
		}
		return stream;
	}
}

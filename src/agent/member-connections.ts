import type { Http2SecureServer } from "node:http2";
import type { TLSSocket } from "node:tls";

/** Of one member, at one time: an agent has one, and another now and then. */
const mostOfMember = 32;

/** Bounds the connections of those who have shown a certificate of the cluster: the oldest of the same certificate goes first. */
export function boundMembers(server: Http2SecureServer): void {
	const connections = new Map<string, Set<TLSSocket>>();
	server.on("secureConnection", (socket: TLSSocket) => {
		const name = socket.authorized ? socket.getPeerX509Certificate()?.fingerprint256 : undefined;
		if (name === undefined) return;
		const ofMember = connections.get(name) ?? new Set();
		connections.set(name, ofMember);
		ofMember.add(socket);
		socket.once("close", () => {
			ofMember.delete(socket);
			if (ofMember.size === 0) connections.delete(name);
		});
		const [oldest] = ofMember;
		if (ofMember.size > mostOfMember) oldest?.destroy();
	});
}

import { WeftError } from "../model/error.ts";

/** How a store's client proves the server, and shows itself, over TLS. All in PEM. */
export interface TlsOptions {
	/** Who signs the server's certificate; the authorities that Node trusts when omitted. */
	readonly ca?: string;
	readonly cert?: string;
	readonly key?: string;
	/** The name that the server's certificate bears, where that is not its address. */
	readonly serverName?: string;
}

/** @returns As node:tls has it. */
export function nodeTls({ serverName, ...credentials }: TlsOptions): Omit<TlsOptions, "serverName"> & {
	servername?: string;
} {
	return { ...credentials, ...(serverName === undefined ? {} : { servername: serverName }) };
}

/** OpenSSL's X509_V_ERR_* as Node names them, and Node's own for a name that does not match. */
const untrusted =
	/^(UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_|INVALID_CA|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)/;
/** What a server says that is not content with the client's certificate. */
const unwelcome = /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_|HANDSHAKE_FAILURE)/;
const noTls = /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/;

/** @returns What is wrong with the certificates, if that is what `cause` is about. */
export function tlsRefusal(cause: unknown, url: string): WeftError | undefined {
	const code = codesOf(cause).find((one) => [untrusted, unwelcome, noTls].some((form) => form.test(one)));
	if (code === undefined) return undefined;
	if (untrusted.test(code))
		return new WeftError("STORE_REFUSED", `Cannot trust the store at ${url}: its certificate does not prove it`, {
			fix: "weft launch --store-ca FILE names who signed it; it must bear the name or address in the URL",
			cause,
		});
	if (unwelcome.test(code))
		return new WeftError(
			"STORE_REFUSED",
			`Cannot use the store at ${url}: it does not take this client's certificate`,
			{
				fix: "weft launch --store-cert FILE --store-key FILE",
				cause,
			},
		);
	return new WeftError("STORE_REFUSED", `Cannot use the store at ${url}: it does not speak TLS`, {
		fix: "weft launch --store with etcd:// or consul://, or set the server up for TLS",
		cause,
	});
}

function codesOf(cause: unknown): string[] {
	if (!(cause instanceof Error)) return [];
	const { code } = cause as { code?: unknown };
	return [...(typeof code === "string" ? [code] : []), ...codesOf(cause.cause)];
}

import { type Ipv4, ipv4FromNumber, ipv4ToNumber, type Mac } from "../../model/address.ts";

/** @returns 4 bytes, network order. */
export function ipv4Bytes(address: Ipv4): Buffer {
	const bytes = Buffer.allocUnsafe(4);
	bytes.writeUInt32BE(ipv4ToNumber(address));
	return bytes;
}

/** @param bytes 4 of them. */
export function ipv4FromBytes(bytes: Buffer): Ipv4 {
	return ipv4FromNumber(bytes.readUInt32BE(0));
}

/** @returns 6 bytes. */
export function macBytes(mac: Mac): Buffer {
	return Buffer.from(mac.replaceAll(":", ""), "hex");
}

/** @param bytes 6 of them. */
export function macFromBytes(bytes: Buffer): Mac {
	const hex = bytes.toString("hex", 0, 6);
	return `${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6, 8)}:${hex.slice(8, 10)}:${hex.slice(10)}` as Mac;
}

import { createSocket } from "node:dgram";
import { rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";

/** Runs on a host of the lab: holds what weft wants to have, until its stdin ends. */
const [kind, where = ""] = process.argv.slice(2);
if (where.startsWith("/")) rmSync(where, { force: true });
const ready = () => void process.stdout.write("holding\n");

if (kind === "udp") createSocket("udp4").bind(Number(where), ready);
else if (kind === "tcp") createServer().listen(Number(where), "0.0.0.0", ready);
// Takes connections, and never says a word.
else if (kind === "mute") createServer().listen(where, ready);
else createHttpServer((_, response) => response.end("hello\n")).listen(where, ready);

process.stdin.on("end", () => process.exit()).resume();

import { connect, createServer } from "node:net";

/**
 * Runs on a host: takes connections and passes them on, each byte late. SIGUSR1 makes it late, SIGHUP later, SIGUSR2 prompt.
 * Arguments: the port to listen on, address and port to pass on to, ms that each way takes.
 */
const [listen, address = "", port, lateMs] = process.argv.slice(2);
let delayMs = 0;
process.on("SIGUSR1", () => (delayMs = Number(lateMs)));
process.on("SIGHUP", () => (delayMs = 2 * Number(lateMs)));
process.on("SIGUSR2", () => (delayMs = 0));

createServer((near) => {
	const far = connect(Number(port), address);
	for (const [from, to] of [
		[near, far],
		[far, near],
	] as const) {
		from.on("data", (bytes) => setTimeout(() => to.write(bytes), delayMs));
		from.on("end", () => setTimeout(() => to.end(), delayMs));
		from.on("error", () => to.destroy());
	}
}).listen(Number(listen), () => process.stdout.write("ready\n"));

import { enableCompileCache } from "node:module";
import { processIo } from "./io.ts";
import { runCli } from "./run-cli.ts";

enableCompileCache();

// `weft ps | head -1`: the reader has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code === "EPIPE") process.exit(0);
	throw error;
});

process.exit(await runCli(process.argv.slice(2), processIo()));

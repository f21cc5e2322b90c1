import { enableCompileCache } from "node:module";
import { compileCacheFolder } from "./compile-cache.ts";
import { processIo } from "./io.ts";

const folder = compileCacheFolder(process.env, process.getuid?.() ?? 0);
if (folder !== undefined) enableCompileCache(folder);

// `weft ps | head -1`: the reader has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code === "EPIPE") process.exit(0);
	throw error;
});

// Loaded late, so that it comes out of the cache. No await at the top: a release is CommonJS.
void import("./run-cli.ts")
	.then(({ runCli }) => runCli(process.argv.slice(2), processIo()))
	.then((code) => process.exit(code));

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { type Plugin, rolldown } from "rolldown";

/**
 * The release. CommonJS, because Node starts it in less than half the time that ES modules take; what every verb needs is one file, and
 * each verb another one, loaded only when it runs (docs/benchmarks/cli.md). koffi has a native part and stays a package.
 * @param dir A folder of the release's own: what is there goes.
 */
export async function buildRelease(dir: string): Promise<void> {
	rmSync(dir, { recursive: true, force: true });
	const bundle = await rolldown({
		input: { weft: "src/cli/main.ts" },
		platform: "node",
		external: ["koffi"],
		plugins: [englishOnly, latin1],
		// A module that the agent loads at once may be loaded late by a verb.
		checks: { ineffectiveDynamicImport: false },
	});
	await bundle.write({
		dir,
		format: "cjs",
		// Lines and names stay, so that a stack trace says where.
		minify: false,
		comments: false,
		entryFileNames: "[name].js",
		chunkFileNames: "chunks/[name]-[hash].js",
		codeSplitting: { groups: [{ name: "every-verb", test: everyVerb }] },
	});
	await bundle.close();
	mkdirSync(`${dir}/node_modules/@koromix`, { recursive: true });
	for (const name of ["koffi", `@koromix/koffi-linux-${process.arch}`])
		cpSync(`node_modules/${name}`, `${dir}/node_modules/${name}`, { recursive: true });
	writeFileSync(`${dir}/package.json`, `${JSON.stringify({ type: "commonjs" })}\n`);
}

/** All of the CLI and its client, but for what few verbs need, and what needs much itself. */
const everyVerb =
	/\/src\/(cli\/(?!main|help|candidates|confirm|console|runc-exec|start-here)[a-z-]+|client\/[a-z-]+)\.ts$/;

/** Of the forty languages that zod can refuse in. */
const englishOnly: Plugin = {
	name: "english-only",
	load: (id) => (id.endsWith("/zod/v4/locales/index.js") ? `export { default as en } from "./en.js";` : undefined),
};

/** V8 keeps a text with one letter beyond Latin-1 in two bytes for each, for as long as the process runs. */
const latin1: Plugin = {
	name: "latin-1",
	renderChunk: (code) =>
		code.replace(/[^\0-\xff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`),
};

if (import.meta.main) await buildRelease(process.argv[2] ?? "dist");

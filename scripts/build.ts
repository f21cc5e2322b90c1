import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { rolldown } from "rolldown";

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
		// A module that the agent loads at once may be loaded late by a verb.
		checks: { ineffectiveDynamicImport: false },
	});
	await bundle.write({
		dir,
		format: "cjs",
		minify: false,
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

if (import.meta.main) await buildRelease(process.argv[2] ?? "dist");

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { rolldown } from "rolldown";

// The release: one small file for each verb, loaded only when it runs. koffi has a native part and stays a package.
rmSync("dist", { recursive: true, force: true });
const bundle = await rolldown({ input: { weft: "src/cli/main.ts" }, platform: "node", external: ["koffi"] });
await bundle.write({
	dir: "dist",
	format: "esm",
	minify: false,
	entryFileNames: "[name].js",
	chunkFileNames: "chunks/[name]-[hash].js",
});
await bundle.close();
mkdirSync("dist/node_modules/@koromix", { recursive: true });
for (const name of ["koffi", `@koromix/koffi-linux-${process.arch}`])
	cpSync(`node_modules/${name}`, `dist/node_modules/${name}`, { recursive: true });
writeFileSync("dist/package.json", `${JSON.stringify({ type: "module" })}\n`);

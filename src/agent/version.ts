import manifest from "../../package.json" with { type: "json" };

/** The released version, as package.json says it. */
export const version: string = manifest.version;

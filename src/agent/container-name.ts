import { randomInt } from "node:crypto";

const manners = [
	"brisk",
	"calm",
	"deft",
	"fine",
	"glad",
	"keen",
	"lucid",
	"mild",
	"neat",
	"quick",
	"sound",
	"tidy",
	"warm",
];
const crafts = [
	"carder",
	"dyer",
	"fuller",
	"knitter",
	"lacer",
	"plaiter",
	"quilter",
	"reeler",
	"spinner",
	"tailor",
	"weaver",
];

/** @returns A name that is easy to say, and that none of `taken` has. */
export function containerName(taken: ReadonlySet<string>): string {
	for (let n = 0; ; n++) {
		const name = `${manners[randomInt(manners.length)]}_${crafts[randomInt(crafts.length)]}${n < 20 ? "" : n}`;
		if (!taken.has(name)) return name;
	}
}

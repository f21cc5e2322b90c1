import { test } from "node:test";
import { survive } from "../chaos/survive.ts";
import { needs } from "../needs.ts";
import { eachSeed } from "./each-seed.ts";

/** Faults of one cluster, before the next one is made from the next seed. */
const rounds = 40;

test(
	"hosts die, are cut off, and come back: no address ever has two holders, and what runs is back in its networks",
	{
		skip: needs("root", "runc", "conmon", "dig", "dnsmasq", "nft"),
		timeout: 24 * 3600 * 1000,
	},
	() =>
		eachSeed(async (run) => {
			const { done, revisions, reclaimed, moved } = await survive({ ...run, lab: "survive", rounds });
			return `${done} faults, ${revisions} revisions, ${reclaimed} addresses reclaimed, ${moved} changed, nothing amiss`;
		}),
);

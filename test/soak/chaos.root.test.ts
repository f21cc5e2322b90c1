import { test } from "node:test";
import { chaos } from "../chaos/run.ts";
import { needs } from "../needs.ts";
import { eachSeed } from "./each-seed.ts";

/** Of one cluster, before the next one is made from the next seed. */
const operations = 200;

test(
	"random operations and random deaths leave every host as the model says",
	{
		skip: needs("root", "runc", "conmon", "dig", "dnsmasq", "nft"),
		timeout: 24 * 3600 * 1000,
	},
	() =>
		eachSeed(async (run) => {
			const { done, deaths } = await chaos({ ...run, lab: "chaos", operations });
			return `${done} operations, ${deaths} agents died, nothing amiss`;
		}),
);

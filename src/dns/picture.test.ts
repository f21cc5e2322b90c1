import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ipv4FromNumber } from "../model/address.ts";
import { prefix } from "../model/prefix.ts";
import { lookupName } from "./lookup.ts";
import { type NamedEndpoint, Picture } from "./picture.ts";

const word = fc.constantFrom("a", "b", "B", "c");
const endpoint: fc.Arbitrary<NamedEndpoint> = fc.record({
	name: word,
	aliases: fc.array(word, { maxLength: 2 }),
	address: fc.nat(5).map((n) => ipv4FromNumber(0x0a000002 + n)),
	local: fc.boolean(),
});

test("Picture knows who has a name, after any changes", () => {
	const change = fc.record({
		id: fc.constantFrom("e1", "e2", "e3", "e4"),
		value: fc.option(endpoint, { nil: undefined }),
	});
	fc.assert(
		fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
			const picture = new Picture();
			picture.apply({ network: "n1", value: { name: "blue", subnet: prefix("10.0.0.0/24") } });
			picture.apply({ sandbox: "s1", value: { netns: "none", networks: ["n1"] } });
			const all = new Map<string, NamedEndpoint>();
			for (const { id, value } of changes) {
				picture.apply({ endpoint: id, in: "n1", ...(value && { value }) });
				all.delete(id);
				if (value !== undefined) all.set(id, value);
			}
			for (const name of ["a", "b", "c", "d"]) {
				const holders = [...all.values()].filter((one) =>
					[one.name, ...one.aliases].some((own) => own.toLowerCase() === name),
				);
				const ordered = [...holders.filter(({ local }) => local), ...holders.filter(({ local }) => !local)];
				const expected = holders.length === 0 ? undefined : ordered.map(({ address }) => address);
				for (const asked of [name, `${name}.blue`]) assert.deepEqual(lookupName(picture, "s1", asked, 0), expected);
			}
		}),
		{ numRuns: 2_000 },
	);
});

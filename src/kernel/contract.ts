import { after, before } from "node:test";
import { entryContract } from "./contract/entries.ts";
import { eventContract } from "./contract/events.ts";
import type { KernelFixture, OpenedKernel } from "./contract/fixture.ts";
import { linkContract } from "./contract/links.ts";
import { netnsContract } from "./contract/netns.ts";

/**
 * What every kernel must do, said once, so that the fake can't drift: each kernel's own test calls it.
 * @param skip Why it can't be tried here.
 */
export function kernelContract(name: string, open: () => KernelFixture, skip: string | false = false): void {
	let fixture: KernelFixture | undefined;
	before(() => {
		if (skip === false) fixture = open();
	});
	after(() => fixture?.close());

	const opened: OpenedKernel = {
		title: (fact) => `${name}: ${fact}`,
		skip,
		fixture: () => {
			if (fixture === undefined) throw new Error("Cannot try a kernel that was not opened");
			return fixture;
		},
	};
	netnsContract(opened);
	linkContract(opened);
	entryContract(opened);
	eventContract(opened);
}

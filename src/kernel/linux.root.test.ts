import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, test } from "node:test";
import { needs } from "../../test/needs.ts";
import { formatOp } from "../plan/format.ts";
import { apply, deleting, type KernelFixture, making } from "./contract/fixture.ts";
import { sampleOverlay } from "./contract/samples.ts";
import { kernelContract } from "./contract.ts";
import { unshareNetns } from "./libc/namespace.ts";
import { openLinuxKernel } from "./linux.ts";
import { deleteNetns, netnsFolder } from "./netns.ts";

const skip = needs("root", "ip", "bridge", "nft", "nsenter");

// A host of its own for this process: nothing of the machine's is touched, and it goes with the process.
if (skip === false) unshareNetns();

const made: string[] = [];
let nextVni = 1_000_000;

function openFixture(): KernelFixture {
	const kernel = openLinuxKernel();
	return {
		kernel,
		foreign: (op) => void execFileSync("/bin/sh", ["-ec", formatOp(op)], { stdio: "pipe" }),
		createForeignNetns() {
			const name = `wt-${process.pid}-${made.length}`;
			made.push(name);
			execFileSync("ip", ["netns", "add", name]);
			return `${netnsFolder}/${name}`;
		},
		newNetnsName() {
			const name = `weft-${randomBytes(6).toString("hex")}`;
			made.push(name);
			return name;
		},
		newVni: () => nextVni++,
		close: () => kernel.close(),
	};
}

after(() => made.forEach(deleteNetns));

kernelContract("linux", openFixture, skip);

test("openLinuxKernel() tells a port that another program holds from a VNI that is in use", { skip }, async () => {
	const fixture = openFixture();
	const overlay = sampleOverlay(fixture.newNetnsName(), fixture.createForeignNetns(), fixture.newVni());
	const holder = createSocket("udp4").bind(24789);
	await once(holder, "listening");
	try {
		apply(fixture.kernel, making([{ kind: "netns", name: overlay.ns }, overlay.br0]));
		const [result] = fixture.kernel.apply(making([{ ...overlay.vxlan1, dstPort: 24789 }]));
		assert.equal(result?.error?.code, "VXLAN_PORT_IN_USE");
		assert.equal(result?.errno, "EADDRINUSE");
		assert.match(result?.error?.message ?? "", new RegExp(`UDP port 24789 is held by .* \\(pid ${process.pid}\\)$`));
		apply(fixture.kernel, making([overlay.vxlan1]));
	} finally {
		holder.close();
		apply(fixture.kernel, deleting({ kind: "netns", name: overlay.ns }));
	}
});

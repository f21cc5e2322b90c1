import assert from "node:assert/strict";
import { test } from "node:test";
import { openFakeKernel } from "../kernel/fake.ts";
import { ipv4 } from "../model/address.ts";
import type { Cidr } from "../model/prefix.ts";
import { surroundingsOf } from "./surroundings.ts";

test("surroundingsOf() takes for uplinks what leads to a gateway, and the underlay, and no other bridge", () => {
	const kernel = openFakeKernel();
	kernel.setUnderlay({ name: "wlan0", address: "10.1.1.7/24" as Cidr, mtuBytes: 1500, via: ipv4("10.1.1.1") });
	kernel.setUnderlay({ name: "eth0", address: "192.168.56.101/24" as Cidr, mtuBytes: 1500 });
	kernel.setUnderlay({ name: "docker0", address: "172.17.0.1/16" as Cidr, mtuBytes: 1500 });
	const { uplinks } = surroundingsOf(kernel.facts(), ipv4("192.168.56.101"));
	assert.deepEqual(uplinks, ["eth0", "wlan0"]);
});

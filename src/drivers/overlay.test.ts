import assert from "node:assert/strict";
import { test } from "node:test";
import { golden } from "../../test/golden.ts";
import { sampleEndpoint, sampleHost, sampleNetwork, sampleSandbox } from "../../test/samples.ts";
import { ipv4 } from "../model/address.ts";
import { kernelState, keyOf } from "../model/kernel-state.ts";
import { prefix } from "../model/prefix.ts";
import { plan } from "../plan/diff.ts";
import { formatOps } from "../plan/format.ts";
import { compile, type DriverContext } from "./driver.ts";
import { compileHost, type GatewayPool, hostGuard, vtepElement } from "./gateway.ts";
import { overlay } from "./overlay.ts";
import { compileSandbox } from "./sandbox.ts";

const network = sampleNetwork();
const [host1, host2] = [sampleHost(1), sampleHost(2)];
const sandbox = sampleSandbox(2, [network]);
const pool: GatewayPool = { subnet: prefix("172.18.0.0/16"), gateway: ipv4("172.18.0.1"), mtuBytes: 1500 };

const context: DriverContext = {
	hostId: host1.id,
	mtuBytes: 1450,
	vtepOf: (id) => [host1, host2].find((host) => host.id === id)?.vtep,
	localOf: (endpoint) => {
		const attachment = sandbox.attachments.find(({ endpointId }) => endpointId === endpoint.id);
		return attachment === undefined ? undefined : { attachment, netns: sandbox.netns };
	},
};

function file(name: string): URL {
	return new URL(`testdata/${name}.golden`, import.meta.url);
}

test("overlay holds one local and one remote endpoint", () => {
	const endpoints = [sampleEndpoint(network, 2, host1), sampleEndpoint(network, 3, host2)];
	golden(file("overlay"), formatOps(plan(new Map(), compile(overlay, network, endpoints, context))));
});

test("overlay holds nothing on a host without an endpoint", () => {
	assert.equal(compile(overlay, network, [sampleEndpoint(network, 3, host2)], context).size, 0);
});

test("overlay holds nothing for an endpoint of a host that is not known", () => {
	const unknown = { ...sampleEndpoint(network, 3, host2), hostId: "f".repeat(32) };
	assert.deepEqual(overlay.compileEndpoint(network, unknown, context), []);
});

test("an endpoint that leaves takes its own away, and nothing else", () => {
	const [local, remote] = [sampleEndpoint(network, 2, host1), sampleEndpoint(network, 3, host2)];
	const before = compile(overlay, network, [local, remote], context);
	golden(file("remote-left"), formatOps(plan(before, compile(overlay, network, [local], context))));
});

test("an address that moves to another host is replaced, not deleted", () => {
	const [local, remote] = [sampleEndpoint(network, 2, host1), sampleEndpoint(network, 3, host2)];
	const host3 = sampleHost(3);
	const moved = { ...context, vtepOf: (id: string) => (id === host3.id ? host3.vtep : context.vtepOf(id)) };
	const before = compile(overlay, network, [local, remote], context);
	const after = compile(overlay, network, [local, { ...remote, hostId: host3.id }], moved);
	golden(file("remote-moved"), formatOps(plan(before, after)));
});

test("the last endpoint takes all of the network away", () => {
	const before = compile(overlay, network, [sampleEndpoint(network, 2, host1)], context);
	golden(file("network-left"), formatOps(plan(before, new Map())));
});

test("a sandbox of weft's own, with its way out", () => {
	const state = kernelState([
		hostGuard(pool),
		...[host1.vtep, host2.vtep].map(vtepElement),
		...compileHost({
			gateway: pool,
			forwardFilters: [
				{ family: "ip", table: "filter", chain: "DOCKER-USER", owned: false },
				{ family: "inet", table: "firewalld", chain: "filter_FORWARD", owned: true },
			],
			uplinks: ["eth0", "wlan0"],
		}),
		...compileSandbox(sandbox, pool),
	]);
	golden(file("gateway"), formatOps(plan(new Map(), state)));
});

test("interfaces come into a sandbox in the order of their numbers, the way out where it stands", () => {
	const endpoints = [sampleEndpoint(network, 2, host1)];
	const state = kernelState([
		...compileSandbox(sandbox, pool),
		...compile(overlay, network, endpoints, context).values(),
	]);
	const made = plan(new Map(), state).flatMap(({ resource }) =>
		resource.kind === "link" && resource.type === "veth" ? [resource.peer.name] : [],
	);
	assert.deepEqual(made, ["eth0", "eth1"]);
});

test("a namespace that weft did not make is given no more than its name server and its interfaces need", () => {
	const foreign = compileSandbox(
		{ id: "f".repeat(64), name: "db", netns: "/run/netns/db", owned: false, attachments: [] },
		pool,
	);
	assert.deepEqual(foreign.map(keyOf), ["link /run/netns/db lo"]);
});

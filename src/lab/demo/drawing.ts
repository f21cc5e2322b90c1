import type { Lab } from "../lab.ts";
import { underlay } from "../names.ts";

/** A container as its host tells of it. */
interface Box {
	readonly name: string;
	readonly networks: Readonly<Record<string, { ipAddress: string; ifname: string; networkId: string }>>;
	readonly gatewayBridge?: { readonly ifname: string; readonly ipAddress: string };
}

interface Network {
	readonly name: string;
	readonly vni: number;
	readonly netns: string;
}

/** Two of them, and two spaces between, fit into 80 columns. */
const width = 38;
const between = "  ";

/** @returns The hosts side by side, with their namespaces, bridges and containers, on the underlay that joins them: as they tell it. */
export function drawTopology(lab: Lab): string {
	const hosts = lab.hosts();
	const boxes = hosts.map(({ name, address }) => box(`${name} ${address}`, hostLines(lab, name)));
	const height = Math.max(...boxes.map((lines) => lines.length));
	const rows = Array.from({ length: height }, (_, row) =>
		boxes
			.map((lines) => (row < lines.length - 1 ? lines[row] : row === height - 1 ? lines.at(-1) : edge("")) ?? "")
			.join(between),
	);
	const joint = hosts.map(() => "│".padStart(width / 2).padEnd(width)).join(between);
	const wire = ` underlay ${underlay.subnet}, UDP 4789 `;
	const total = hosts.length * (width + between.length) - between.length;
	const [left, right] = [Math.floor((total - wire.length) / 2), Math.ceil((total - wire.length) / 2)];
	return [...rows, joint.trimEnd(), "═".repeat(left) + wire + "═".repeat(right)].join("\n");
}

function hostLines(lab: Lab, host: string): string[] {
	const ask = <T>(...words: readonly string[]) => JSON.parse(lab.exec(host, ["weft", ...words])) as T[];
	const names = lab.exec(host, ["weft", "ps", "--format", "{{.Names}}"]).split("\n").filter(Boolean).sort();
	const boxes = names.length === 0 ? [] : ask<Box>("inspect", ...names);
	const used = [...new Set(boxes.flatMap(({ networks }) => Object.keys(networks)))].sort();
	const lines: string[] = [];
	for (const { name, vni, netns } of used.length === 0 ? [] : ask<Network>("network", "inspect", ...used)) {
		const plugs = boxes.flatMap((one) =>
			one.networks[name] === undefined ? [] : { box: one, plug: one.networks[name] },
		);
		lines.push(
			`netns ${netns}  ${name}`,
			"br0",
			...plugs.map(({ box, plug }) => `├ veth ─ ${plug.ifname} ${plug.ipAddress} ${box.name}`),
			`└ vxlan1 VNI ${vni}`,
			"",
		);
	}
	const out = boxes.flatMap(({ name, gatewayBridge }) =>
		gatewayBridge === undefined ? [] : `veth ─ ${gatewayBridge.ifname} ${gatewayBridge.ipAddress} ${name}`,
	);
	if (out.length > 0) lines.push("weft_gwbridge, the way out", ...tree(out));
	return lines;
}

function tree(leaves: readonly string[]): string[] {
	return leaves.map((leaf, n) => `${n === leaves.length - 1 ? "└" : "├"} ${leaf}`);
}

function box(title: string, lines: readonly string[]): string[] {
	return [
		`┌ ${title} ${"─".repeat(width - title.length - 4)}┐`,
		...lines.map(edge),
		`└${"─".repeat(width / 2 - 2)}┬${"─".repeat(width / 2 - 1)}┘`,
	];
}

function edge(text: string): string {
	return `│ ${text.padEnd(width - 4)} │`;
}

import type { Lab } from "../lab.ts";

/** One container's place in one network, as the hosts tell it. */
interface Plug {
	readonly host: string;
	readonly container: string;
	readonly network: string;
	readonly vni: number;
	readonly netns: string;
	readonly address: string;
	readonly ifname: string;
}

/** @returns Where every container is plugged in, asked of the hosts themselves. */
function plugs(lab: Lab): Plug[] {
	const found: Plug[] = [];
	for (const { name: host } of lab.hosts()) {
		const names = lab.exec(host, ["weft", "ps", "--format", "{{.Names}}"]).split("\n").filter(Boolean);
		for (const container of names) {
			const [view] = JSON.parse(lab.exec(host, ["weft", "inspect", container])) as [
				{ networks: Record<string, { ipAddress: string; ifname: string; networkId: string }> },
			];
			for (const [network, { ipAddress, ifname, networkId }] of Object.entries(view.networks)) {
				const [{ vni }] = JSON.parse(lab.exec(host, ["weft", "network", "inspect", network])) as [{ vni: number }];
				found.push({ host, container, network, vni, netns: `1-${networkId.slice(0, 10)}`, address: ipAddress, ifname });
			}
		}
	}
	return found;
}

const width = 46;

/** @returns The hosts side by side, with their namespaces, bridges and containers, on the underlay that joins them. */
export function drawTopology(lab: Lab): string {
	const all = plugs(lab);
	const hosts = lab.hosts();
	const boxes = hosts.map(({ name, address }) =>
		box(`${name} ${address}`, hostLines(all.filter(({ host }) => host === name))),
	);
	const height = Math.max(...boxes.map((lines) => lines.length));
	const rows = Array.from({ length: height }, (_, row) =>
		boxes
			.map((lines) => (row < lines.length - 1 ? lines[row] : row === height - 1 ? lines.at(-1) : edge("")) ?? "")
			.join("  "),
	);
	const joint = hosts.map(() => "│".padStart(width / 2).padEnd(width)).join("  ");
	const wire = ` underlay 192.168.56.0/24, UDP 4789 `;
	const total = hosts.length * (width + 2) - 2;
	const [left, right] = [Math.floor((total - wire.length) / 2), Math.ceil((total - wire.length) / 2)];
	return [...rows, joint, "═".repeat(left) + wire + "═".repeat(right)].join("\n");
}

function hostLines(plugged: readonly Plug[]): string[] {
	const networks = [...new Set(plugged.map(({ network }) => network))];
	return networks.flatMap((network) => {
		const inside = plugged.filter((plug) => plug.network === network);
		const [first] = inside;
		const title = `netns ${first?.netns}  ${network}`;
		const lines = inside.map(({ container, address, ifname }) => `├ veth ─ ${ifname} ${address} ${container}`);
		return [title, "br0", ...lines, `└ vxlan1 VNI ${first?.vni}`, ""];
	});
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

import assert from "node:assert/strict";
import { underlay } from "../../src/lab/names.ts";
import type { Cluster } from "./cluster.ts";
import type { Model, ModelBox } from "./model.ts";

/** Pings and asks, from inside a container, for everything that the model knows. @throws When they disagree. */
export async function checkReach(cluster: Cluster, model: Model, from: ModelBox): Promise<void> {
	const others = model.running();
	const addresses = others.flatMap((box) => [...box.addresses.values()]);
	const script = [
		...others.map(
			({ name }) => `(echo "name ${name} $(dig +short +time=2 +tries=2 @127.0.0.11 ${name} | tr '\\n' ' ')") &`,
		),
		...[...addresses, underlay.world].map((to) => `(ping -q -c 1 -W 1 ${to} >/dev/null 2>&1 && echo "ping ${to}") &`),
		"wait",
	].join("\n");
	const { netns } = await cluster.service(from.host).containers.inspect(from.name);
	const { stdout } = await cluster.test.runAside(from.host, "nsenter", `--net=${netns}`, "sh", "-c", script);
	const said = stdout.split("\n");
	const pinged = new Set(said.filter((line) => line.startsWith("ping ")).map((line) => line.slice(5)));
	const reachable = others.flatMap((box) => model.shared(from, box).map((network) => box.addresses.get(network) ?? ""));
	if (model.hasWayOut(from)) reachable.push(underlay.world);
	assert.deepEqual([...pinged].toSorted(compare), reachable.toSorted(compare), `what ${from.name} reaches`);
	for (const box of others) {
		const answer = said
			.find((line) => line.startsWith(`name ${box.name} `))
			?.slice(`name ${box.name} `.length)
			.trim();
		const allowed = model.shared(from, box).map((network) => box.addresses.get(network));
		if (allowed.length === 0) assert.equal(answer, "", `${from.name} knows ${box.name}`);
		else
			assert.ok(
				allowed.includes(answer),
				`${from.name} asks for ${box.name}: ${answer}, and not ${allowed.join(", ")}`,
			);
	}
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

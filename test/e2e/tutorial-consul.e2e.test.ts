import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { consulProgram } from "../consul.ts";
import { needs } from "../needs.ts";
import { eventually, TestLab } from "./with-lab.ts";

const page = readFileSync(new URL("../../docs/tutorial-consul.md", import.meta.url), "utf8");

interface Step {
	readonly host: string;
	readonly command: string;
	/** Line by line; "…" stands for anything, and alone on its line for any lines. */
	readonly shown: readonly string[];
}

/** @returns What the page has its reader type, and what it says that is then shown. */
function stepsOf(text: string): Step[] {
	const lines = [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => block.trimEnd().split("\n"));
	const steps: { host: string; command: string; shown: string[] }[] = [];
	for (const line of lines) {
		const [, host, command] = /^(host\d)\$ (.*)$/.exec(line) ?? [];
		if (host !== undefined && command !== undefined) steps.push({ host, command, shown: [] });
		else steps.at(-1)?.shown.push(line);
	}
	return steps;
}

function escaped(text: string): string {
	return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function patternOf(shown: readonly string[]): RegExp {
	const lines = shown.map((line) =>
		line === "…" ? "(?:.*\\n)*" : `${line.split("…").map(escaped).join(".*")}\\s*\\n`,
	);
	return new RegExp(`^${lines.join("")}$`);
}

test("the tutorial with a Consul: each command shows what the page says", {
	skip: needs("root", "runc", "conmon", consulProgram),
}, async (t) => {
	const lab = new TestLab("tutor");
	await lab.lab.down();
	t.after(() => lab.lab.down());
	await lab.lab.up({ hosts: 2, agents: false, onProgress: () => {} });
	const path = `PATH=${dirname(consulProgram)}:$PATH`;
	const steps = stepsOf(page);
	assert.ok(steps.length > 20);
	for (const { host, command, shown } of steps) {
		if (command.endsWith(" &")) {
			lab.lab.spawn(host, ["sh", "-c", `${path}; exec ${command.slice(0, -2)}`], "ignore");
			const ready = "consul operator raft list-peers -http-addr http://192.168.56.101:8500 | grep -q leader";
			await eventually("Consul serves", 20_000, () => lab.run(host, "sh", "-c", `${path}; ${ready}`).code === 0);
			continue;
		}
		const { stdout, stderr } = lab.run(host, "sh", "-c", `${path}; ${command}`);
		const said = `${stdout}${stderr}`;
		assert.match(said, patternOf(shown), `${host}$ ${command}\n${said}`);
	}
});

import { execFileSync } from "node:child_process";

/**
 * What a test needs of its machine: put it in front of the tests of a file, as `const skip = needs("root", "etcd")`,
 * then `test("…", { skip }, …)`.
 * @param wanted "root", or the name of a program.
 * @returns false when all is there, else the reason for skipping.
 * @throws {Error} Something lacks in CI, where a skipped test would pass for one that ran.
 */
export function needs(...wanted: string[]): string | false {
	const lacking = wanted.filter((want) => (want === "root" ? process.getuid?.() !== 0 : !onPath(want)));
	if (lacking.length === 0) return false;
	const reason = `needs ${lacking.join(", ")}`;
	if (process.env["CI"] === "true")
		throw new Error(`Cannot run these tests: ${reason}; make test installs what they need`);
	return reason;
}

function onPath(program: string): boolean {
	try {
		execFileSync("/bin/sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}

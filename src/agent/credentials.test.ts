import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { isWeftError } from "../model/error.ts";
import { Authority } from "./authority.ts";
import { type Credentials, fingerprint, readCredentials, writeCredentials } from "./credentials.ts";

const root = mkdtempSync(join(tmpdir(), "weft-credentials-"));
const dir = join(root, "pki");
const files = ["ca.crt", "agent.crt", "agent.key"] as const;
let [one, other]: Credentials[] = [];

before(async () => {
	one = (await Authority.open(join(root, "one"), "host1")).credentials;
	other = (await Authority.open(join(root, "other"), "host2")).credentials;
});

beforeEach(async () => {
	rmSync(dir, { recursive: true, force: true });
	await writeCredentials(dir, theOne());
});

after(() => rmSync(root, { recursive: true }));

function theOne(): Credentials {
	assert.ok(one);
	return one;
}

test("readCredentials() gives what writeCredentials() kept", () => {
	assert.deepEqual(readCredentials(dir), one);
});

for (const file of files) {
	test(`readCredentials() finds none without ${file}`, () => {
		rmSync(join(dir, file));
		assert.equal(readCredentials(dir), undefined);
	});

	test(`readCredentials() says that ${file} was cut, wherever it was`, () => {
		const { length } = readFileSync(join(dir, file));
		// The last line's end may lack.
		for (let size = length - 2; size >= 0; size -= 29) {
			truncateSync(join(dir, file), size);
			assert.throws(() => readCredentials(dir), { code: "CONFIG_INVALID", message: new RegExp(`${file} is damaged`) });
		}
	});

	test(`readCredentials() does not take ${file} of another cluster`, () => {
		writeFileSync(join(dir, file), readFileSync(join(root, "other", file)));
		assert.throws(() => readCredentials(dir), { code: "CONFIG_INVALID", message: /agent\.crt/ });
	});

	test(`readCredentials() refuses ${file} with a byte changed, or gives the same credentials`, () => {
		const whole = readFileSync(join(dir, file));
		for (let at = 0; at < whole.length; at += 23) {
			const damaged = Buffer.from(whole);
			damaged[at] = damaged.readUInt8(at) ^ 1;
			writeFileSync(join(dir, file), damaged);
			try {
				assert.equal(fingerprint(readCredentials(dir)?.certificate ?? ""), fingerprint(theOne().certificate));
			} catch (error) {
				assert.ok(isWeftError(error, "CONFIG_INVALID"), `byte ${at}: ${String(error)}`);
			}
		}
	});
}

test("writeCredentials() that is killed leaves the credentials of one cluster, or none", async () => {
	const writer = `
		import { writeCredentials } from ${JSON.stringify(new URL("credentials.ts", import.meta.url).href)};
		const [dir, one, other] = ${JSON.stringify([dir, one, other])};
		for (;;) {
			await writeCredentials(dir, one);
			await writeCredentials(dir, other);
			process.stdout.write(".");
		}
	`;
	for (let round = 0; round < 5; round++) {
		const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", writer], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		await once(child.stdout, "data");
		setTimeout(() => child.kill("SIGKILL"), 3 * round);
		await once(child, "exit");
		const found = readCredentials(dir);
		assert.ok(found === undefined || found.ca === one?.ca || found.ca === other?.ca);
	}
	await writeCredentials(dir, theOne());
	assert.deepEqual(readCredentials(dir), one);
});

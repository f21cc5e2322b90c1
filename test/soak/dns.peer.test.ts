import { test } from "node:test";
import fc from "fast-check";
import { answer } from "../../src/dns/answer.ts";
import { checkOutcome, hostileMessage, smallPicture } from "../hostile-dns.ts";
import { soak } from "./soak.ts";

/** Of one run: a hundred runs are a seed's. */
const messagesEach = 200;

/** Some hundred thousand messages. */
const shortMinutes = 1 / 20;

test("answer() bears any message", async (t) => {
	const picture = smallPicture();
	const messages = fc.array(fc.tuple(hostileMessage, fc.constantFrom("udp", "tcp"), fc.nat()), {
		minLength: messagesEach,
		maxLength: messagesEach,
	});
	let count = 0;
	await soak(
		fc.asyncProperty(messages, async (all) => {
			for (const [message, transport, rotation] of all)
				checkOutcome(message, answer(message, { picture, sandbox: "s1", transport, rotation }), transport);
			count += all.length;
		}),
		shortMinutes,
	);
	t.diagnostic(`${count} messages`);
});

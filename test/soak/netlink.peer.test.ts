import { test } from "node:test";
import fc from "fast-check";
import { checkConversation, conversation } from "../netlink-replies.ts";
import { soak } from "./soak.ts";

/** Of one run: a hundred runs are a seed's. */
const conversationsEach = 50;

/** Some ten thousand conversations. */
const shortMinutes = 1 / 20;

test("netlink bears any conversation", async (t) => {
	let count = 0;
	const some = fc.array(conversation, { minLength: conversationsEach, maxLength: conversationsEach });
	await soak(
		fc.asyncProperty(some, async (all) => {
			for (const one of all) checkConversation(one);
			count += all.length;
		}),
		shortMinutes,
	);
	t.diagnostic(`${count} conversations`);
});

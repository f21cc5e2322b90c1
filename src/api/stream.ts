import { ndjson } from "../model/routes.ts";
import { toWeftError } from "./refusal.ts";

const encoder = new TextEncoder();

function lineOf(value: unknown): Uint8Array {
	return encoder.encode(`${JSON.stringify(value)}\n`);
}

/**
 * Answers with one line of JSON for each item, no faster than the caller reads. The header goes out at once.
 * An error ends the stream with a line `{"error": ErrorBody}`.
 * @param gone Aborted here when the caller ends the stream, so that the source lets go.
 */
export function answerLines(items: AsyncIterable<unknown>, gone: AbortController): Response {
	const iterator = items[Symbol.asyncIterator]();
	// Asked for before anyone reads: what happens after the header was sent is not missed.
	let next = iterator.next();
	next.catch(() => {});
	const body = new ReadableStream<Uint8Array>({
		async pull(controller) {
			try {
				const item = await next;
				if (item.done === true) return controller.close();
				controller.enqueue(lineOf(item.value));
				next = iterator.next();
				next.catch(() => {});
			} catch (error) {
				if (gone.signal.aborted) return controller.close();
				controller.enqueue(lineOf({ error: toWeftError(error).toBody() }));
				controller.close();
			}
		},
		cancel() {
			gone.abort();
			void iterator.return?.().catch(() => {});
		},
	});
	return new Response(body, { headers: { "content-type": ndjson, "cache-control": "no-store" } });
}

/** @returns The word that `typed` is most likely meant to be; undefined when none is near. */
export function closest(typed: string, words: Iterable<string>): string | undefined {
	let best: string | undefined;
	// A third of the letters may be wrong.
	let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
	for (const word of words) {
		const distance = word.startsWith(typed) && typed.length > 1 ? 1 : editDistance(typed, word);
		if (distance < least) {
			least = distance;
			best = word;
		}
	}
	return best;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
	let former: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const same = a[i - 1] === b[j - 1];
			let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
				cost = Math.min(cost, (former[j - 2] ?? 0) + 1);
			row.push(cost);
		}
		former = last;
		last = row;
	}
	return last[b.length] ?? 0;
}

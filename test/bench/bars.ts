export interface Bar {
	readonly verb: string;
	readonly median: number;
	readonly p99: number;
	readonly goal: number;
}

/** @returns Horizontal bars: the median filled, the p99 as a thin line, the goal as a mark. */
export function barsSvg(title: string, bars: readonly Bar[]): string {
	const [left, width, row] = [150, 420, 34];
	const most = Math.max(...bars.flatMap(({ p99, goal }) => [p99, Number.isNaN(goal) ? 0 : goal])) * 1.05;
	const x = (value: number) => (left + (value / most) * width).toFixed(1);
	const lines = bars.map(({ verb, median, p99, goal }, i) => {
		const y = 48 + i * row;
		const mark = Number.isNaN(goal)
			? ""
			: `<line x1="${x(goal)}" x2="${x(goal)}" y1="${y - 4}" y2="${y + 20}" stroke="#c33" stroke-width="2"/>`;
		return [
			`<text x="${left - 8}" y="${y + 13}" text-anchor="end">${verb}</text>`,
			`<line x1="${left}" x2="${x(p99)}" y1="${y + 8}" y2="${y + 8}" stroke="#789" stroke-width="2"/>`,
			`<rect x="${left}" y="${y}" width="${(Number(x(median)) - left).toFixed(1)}" height="16" fill="#2a7"/>`,
			mark,
			`<text x="${Number(x(p99)) + 6}" y="${y + 13}" fill="#555">${median.toFixed(1)}</text>`,
		].join("\n");
	});
	const height = 64 + bars.length * row;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 70}" height="${height}" font-family="sans-serif" font-size="13">`,
		`<rect width="100%" height="100%" fill="#fff"/>`,
		`<text x="12" y="24" font-size="15">${title} (red: the goal)</text>`,
		...lines,
		"</svg>",
		"",
	].join("\n");
}

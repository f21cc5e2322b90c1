/** @returns A curve over evenly spaced values from left to right, and a dashed line at the goal, where there is one. */
export function lineSvg(
	title: string,
	{ values, goal, xLabel, xMost }: { values: readonly number[]; goal?: number; xLabel: string; xMost: number },
): string {
	const [left, top, width, height] = [56, 44, 520, 200];
	const most = Math.max(goal ?? 0, ...values) * 1.1;
	const x = (i: number) => (left + (i / Math.max(1, values.length - 1)) * width).toFixed(1);
	const y = (value: number) => (top + height - (value / most) * height).toFixed(1);
	const marks = [0, ...(goal === undefined ? [] : [goal]), Math.max(...values)].map(
		(value) => `<text x="${left - 6}" y="${Number(y(value)) + 4}" text-anchor="end">${value.toFixed(0)}</text>`,
	);
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 24}" height="${top + height + 44}" font-family="sans-serif" font-size="13">`,
		`<rect width="100%" height="100%" fill="#fff"/>`,
		`<text x="12" y="24" font-size="15">${title}${goal === undefined ? "" : " (red: the goal)"}</text>`,
		`<path d="M${left} ${top}V${top + height}H${left + width}" fill="none" stroke="#789"/>`,
		...(goal === undefined
			? []
			: [`<path d="M${left} ${y(goal)}H${left + width}" stroke="#c33" stroke-dasharray="6 4"/>`]),
		`<polyline fill="none" stroke="#2a7" stroke-width="2" points="${values.map((value, i) => `${x(i)},${y(value)}`).join(" ")}"/>`,
		...marks,
		`<text x="${left}" y="${top + height + 18}">0</text>`,
		`<text x="${left + width}" y="${top + height + 18}" text-anchor="end">${xMost} ${xLabel}</text>`,
		"</svg>",
		"",
	].join("\n");
}

import { visible } from "../model/visible.ts";

/** Between columns, as Docker's tables have it. */
const gap = "   ";

/** @returns Lines of aligned columns, no spaces at their ends. Control characters in a cell are shown, not obeyed. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
	const cells = [headers, ...rows.map((row) => row.map(visible))];
	const widths = headers.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ""))));
	return cells
		.map((row) =>
			row
				.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
				.join(gap)
				.trimEnd(),
		)
		.join("\n");
}

function widthOf(text: string): number {
	return Array.from(text).length;
}

import { closest } from "../model/closest.ts";
import { WeftError } from "../model/error.ts";

/**
 * @param ref A name, an id, or the unique head of an id; a name wins over an id.
 * @throws {WeftError} CONTAINER_NOT_FOUND, ARGUMENT_INVALID when the head fits several.
 */
export function findContainer<T extends { readonly id: string; readonly name: string }>(
	all: readonly T[],
	ref: string,
): T {
	const named = all.find(({ name, id }) => name === ref || id === ref);
	if (named !== undefined) return named;
	const fits = /^[0-9a-f]+$/.test(ref) ? all.filter(({ id }) => id.startsWith(ref)) : [];
	const [only] = fits;
	if (fits.length > 1) {
		throw new WeftError("ARGUMENT_INVALID", `Cannot tell which container "${ref}" means: ${fits.length} ids begin so`, {
			fix: "give more digits of the id, or the name",
		});
	}
	if (only !== undefined) return only;
	const near = closest(
		ref,
		all.map(({ name }) => name),
	);
	const meant = near === undefined ? "" : `, did you mean "${near}"?`;
	throw new WeftError(
		"CONTAINER_NOT_FOUND",
		`Cannot find container "${ref}": none on this host has that name or id${meant}`,
		{ fix: "weft ps --all shows the containers of this host; on other hosts, ask their agents" },
	);
}

import type { NetworkFilters } from "./service.ts";
import type { NetworkView } from "./view.ts";

/** @returns Whether `network` fits each key of `filters`, by one of its values. */
export function matchesFilters(network: NetworkView, filters: NetworkFilters): boolean {
	const some = (values: readonly string[] | undefined, fits: (value: string) => boolean) =>
		values === undefined || values.some(fits);
	return (
		some(filters.name, (value) => network.name.includes(value)) &&
		some(filters.id, (value) => network.id.startsWith(value)) &&
		some(filters.driver, (value) => network.driver === value) &&
		some(filters.label, (value) => hasLabel(network, value))
	);
}

function hasLabel(network: NetworkView, wanted: string): boolean {
	const equals = wanted.indexOf("=");
	const key = equals < 0 ? wanted : wanted.slice(0, equals);
	if (!Object.hasOwn(network.labels, key)) return false;
	return equals < 0 || network.labels[key] === wanted.slice(equals + 1);
}

import { parsePrefix } from "./prefix.ts";

/** @returns What of a value is not as it should be. */
export type Check = (value: unknown) => string | undefined;

/** Whether a value is what a field should hold. */
export type Field = (value: unknown) => boolean;

export const isText: Field = (value) => typeof value === "string";
export const isBoolean: Field = (value) => typeof value === "boolean";
export const isCount: Field = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const isListOf =
	(item: Field): Field =>
	(value) =>
		Array.isArray(value) && value.every(item);
export const maybe =
	(field: Field): Field =>
	(value) =>
		value === undefined || field(value);
export const isRecordOf =
	(fields: Readonly<Record<string, Field>>): Field =>
	(value) =>
		faultOf(fields)(value) === undefined;

/** @returns The check that finds the first field that is not as it should be. */
export function faultOf(fields: Readonly<Record<string, Field>>): Check {
	const all = Object.entries(fields);
	return (value) => {
		if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is no record";
		const wrong = all.find(([name, is]) => !is((value as Record<string, unknown>)[name]));
		return wrong === undefined ? undefined : `its "${wrong[0]}" is not what weft writes`;
	};
}

export const isTime: Field = (value) => typeof value === "string" && !Number.isNaN(Date.parse(value));

const octet = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const address = new RegExp(`^${octet}(\\.${octet}){3}$`);

/** As `parseIpv4()`, and quick: ten thousand are read at once. */
export const isAddress: Field = (value) => typeof value === "string" && address.test(value);
export const isPrefix: Field = (value) => typeof value === "string" && parsePrefix(value) !== undefined;

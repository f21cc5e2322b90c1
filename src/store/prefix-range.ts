/**
 * @param prefix Without a trailing slash; "" is everything.
 * @returns Whether `key` is at the prefix or below it: "hosts/a" takes in "hosts/a/b", never "hosts/ab".
 */
export function isBelow(key: string, prefix: string): boolean {
	return prefix === "" || key === prefix || key.startsWith(`${prefix}/`);
}

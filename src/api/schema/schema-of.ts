import type { z } from "zod";

/** A type as JSON carries it: deeply read-only, and what is optional is absent, never undefined. */
export type Plain<T> = T extends string | number | boolean | null | undefined
	? T
	: T extends readonly (infer E)[]
		? readonly Plain<E>[]
		: { readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> };

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Binds a schema to the type of the model that it reads. Where the two differ, the schema does not compile.
 * @example const hostView = schemaOf<HostView>()(z.strictObject({ … }));
 */
export function schemaOf<T>() {
	return <S extends z.ZodType>(
		schema: Same<Plain<z.output<S>>, Plain<T>> extends true ? S : { readonly differs: Plain<z.output<S>> },
	): z.ZodType<T> => schema as unknown as z.ZodType<T>;
}

import type { FieldLoad } from "./fields.ts";

/** The expressions of nf_tables that weft's rules are made of, as plain values. Registers by the kernel's numbers. */
export type NftExpr =
	| (FieldLoad & { readonly dreg: number })
	| { readonly name: "bitwise"; readonly reg: number; readonly mask: Uint8Array; readonly xor: Uint8Array }
	| { readonly name: "cmp"; readonly sreg: number; readonly op: "==" | "!="; readonly data: Uint8Array }
	| { readonly name: "lookup"; readonly sreg: number; readonly set: string; readonly op: "==" | "!=" }
	| { readonly name: "immediate"; readonly verdict: number; readonly chain?: string }
	| { readonly name: "masq" };

/** Verdicts: linux/netfilter.h and enum nft_verdicts. */
export const verdictCodes = { drop: 0, accept: 1, jump: -3, return: -5 } as const;

/** @returns The number of the register that begins `words` times four bytes behind register 1 (enum nft_registers: a multiple of 16 bytes has a number of its own). */
export function registerAt(words: number): number {
	return words % 4 === 0 ? 1 + words / 4 : 8 + words;
}

/** Registers are given out in steps of four bytes. */
export function wordsOf(bytes: number): number {
	return Math.ceil(bytes / 4);
}

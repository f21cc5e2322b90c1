import { frugalEnv, frugalFlags } from "../lib/frugal.ts";
import { confined } from "./confined.ts";

/**
 * @param flags Of the verb.
 * @returns How weft starts one of its own long-running processes: with the rights and the memory that it needs.
 * @throws {WeftError} PROGRAM_MISSING
 */
export function ownProcess(
	who: "agent" | "names",
	flags: readonly string[],
): { readonly file: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
	const weft = [process.execPath, ...frugalFlags(process.execArgv, who), process.argv[1] ?? ""];
	const [file, ...args] = confined(who, [...weft, who, ...flags]);
	return { file, args, env: { ...process.env, ...frugalEnv } };
}

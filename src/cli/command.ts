import type { Service } from "../model/service.ts";
import type { Io } from "./io.ts";

/** What the shell offers for a value: things that the agent knows, or one of these words. */
export type Completes = "network" | "container" | "host" | "attached" | "container or network" | readonly string[];

export interface Flag {
	readonly type: "boolean" | "string";
	/** One letter. */
	readonly short?: string;
	readonly multiple?: true;
	readonly default?: string;
	/** What stands for the value in the help: "NAME". */
	readonly value?: string;
	readonly help: string;
	readonly completes?: Completes;
	/** Another spelling, for hands that are used to it: not in the help. */
	readonly hidden?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The flags as given: absent ones are false, empty lists, the default, or undefined. */
export type Values<F extends Flags> = {
	readonly [Name in keyof F]: F[Name] extends { type: "boolean" }
		? boolean
		: F[Name] extends { multiple: true }
			? readonly string[]
			: F[Name] extends { default: string }
				? string
				: string | undefined;
};

/** A word of the command line that is no flag. */
export interface Operand {
	/** As the usage line shows it: "NETWORK". */
	readonly name: string;
	readonly optional?: true;
	/** The last one may come several times. */
	readonly several?: true;
	/** The last one is a command: what follows its first word is its own, flags too. */
	readonly verbatim?: true;
	readonly completes?: Completes;
}

export interface Invocation<F extends Flags> {
	readonly flags: Values<F>;
	readonly operands: readonly string[];
	readonly io: Io;
	/** The agent's client, loaded when first asked for. */
	agent(): Promise<Service>;
}

/** One verb. Its name and summary are in the registry. */
export interface Command<F extends Flags = Flags> {
	readonly flags: F;
	readonly operands: readonly Operand[];
	/** Sentences for the help, below the summary. */
	readonly details?: string;
	readonly examples: readonly { readonly type: string; readonly does: string }[];
	/** Why it is for root only: "it changes network devices". */
	readonly root?: string;
	/** How the process ends when weft itself fails; 1 when omitted. Verbs that pass on a container's code take 125, as Docker does. */
	readonly failureCode?: number;
	/** @returns How the process ends; 0 when nothing is returned. */
	run(invocation: Invocation<F>): Promise<number | undefined> | Promise<void>;
}

/** Infers the types of the flags. */
export function command<const F extends Flags>(command: Command<F>): Command<F> {
	return command;
}

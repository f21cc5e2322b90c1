import { type RestartPolicy, restartNames } from "../model/restart.ts";
import { UsageError } from "./usage-error.ts";

/** @returns What `--restart` says: "no", "on-failure", "on-failure:3", "always", "unless-stopped". @throws {UsageError} */
export function readRestart(text: string): RestartPolicy {
	const [, word, count] = /^([a-z-]*)(?::(\d{1,6}))?$/.exec(text) ?? [];
	const name = restartNames.find((known) => known === word);
	if (name === undefined || (count !== undefined && name !== "on-failure")) {
		const wanted = "no, on-failure, on-failure:COUNT, always or unless-stopped";
		throw new UsageError(`Cannot take --restart ${JSON.stringify(text)}: wanted ${wanted}`, "--restart=on-failure:5");
	}
	return { name, maximumRetryCount: Number(count ?? 0) };
}

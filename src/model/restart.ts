export const restartNames = ["no", "on-failure", "always", "unless-stopped"] as const;

/** When a container begins again by itself: Docker's words. */
export interface RestartPolicy {
	readonly name: (typeof restartNames)[number];
	/** Of `on-failure`: so often, and no more; 0 for any number. 0 with the others. */
	readonly maximumRetryCount: number;
}

export const noRestart: RestartPolicy = { name: "no", maximumRetryCount: 0 };

/** What has become of a container, as far as its policy asks. */
export interface RestartRecord {
	/** How often it began again by itself since somebody started it. */
	readonly count: number;
	/** Somebody stopped it, and nobody has started it since. */
	readonly stopped: boolean;
	/** It was started at least once. */
	readonly begun: boolean;
}

export const noRecord: RestartRecord = { count: 0, stopped: false, begun: false };

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** One that ran so long is well: what went wrong before is forgotten. */
const wellAfterMs = 10_000;

/** @returns Whether one that ended with this code begins again. */
export function restarts(policy: RestartPolicy, { count, stopped }: RestartRecord, exitCode: number): boolean {
	if (stopped) return false;
	switch (policy.name) {
		case "no":
			return false;
		case "on-failure":
			return exitCode !== 0 && (policy.maximumRetryCount === 0 || count < policy.maximumRetryCount);
		case "always":
		case "unless-stopped":
			return true;
	}
}

/**
 * @param formerMs What was waited before; undefined the first time.
 * @param ranMs How long it ran since.
 * @returns How long to wait before it begins again.
 */
export function restartDelayMs(formerMs: number | undefined, ranMs: number): number {
	if (formerMs === undefined || ranMs >= wellAfterMs) return firstDelayMs;
	return Math.min(2 * formerMs, longestDelayMs);
}

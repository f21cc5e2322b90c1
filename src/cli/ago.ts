const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** @returns A time span as Docker says it: "5 seconds", "About an hour", "3 weeks". */
export function spanText(ms: number): string {
	const seconds = Math.max(0, Math.floor(ms / 1000));
	if (seconds < 1) return "Less than a second";
	if (seconds === 1) return "1 second";
	if (seconds < minute) return `${seconds} seconds`;
	if (seconds < 2 * minute) return "About a minute";
	if (seconds < 46 * minute) return `${Math.floor(seconds / minute)} minutes`;
	const hours = Math.round(seconds / hour);
	if (hours === 1) return "About an hour";
	if (hours < 48) return `${hours} hours`;
	if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
	if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
	if (seconds < 2 * 365 * day) return `${Math.floor(hours / 24 / 30)} months`;
	return `${Math.floor(hours / 24 / 365)} years`;
}

/** @param time ISO 8601. @returns "5 minutes ago" */
export function agoText(time: string, now: number): string {
	return `${spanText(now - Date.parse(time))} ago`;
}

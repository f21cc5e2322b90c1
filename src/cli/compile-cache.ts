import { lstatSync, mkdirSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where Node may keep what it compiled. It runs what it finds there, so nobody but this user, and root, may be able to put anything
 * there: Node's own choice, a folder of a known name in /tmp, is whoever's comes first.
 * @param uid Of this process.
 * @returns /var/cache/weft for root, weft in the user's own cache folder for others; undefined when it is not safe: then Node compiles.
 */
export function compileCacheFolder(env: Env, uid: number): string | undefined {
	const parent = uid === 0 ? "/var/cache" : userCache(env);
	return parent === undefined || !isAbsolute(parent) ? undefined : ownFolder(join(parent, "weft"), uid);
}

function userCache({ XDG_CACHE_HOME: cache, HOME: home }: Env): string | undefined {
	return cache || (home && join(home, ".cache"));
}

const [groupAndOthers, sticky] = [0o022, 0o1000];

/** Makes the folder, where it is not there. @returns It, when nobody but `uid` and root can write, or replace, it or a folder above it. */
export function ownFolder(folder: string, uid: number): string | undefined {
	if (!isKept(dirname(folder), uid)) return undefined;
	try {
		mkdirSync(folder, { mode: 0o700 });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") return undefined;
	}
	const stats = statsOf(folder);
	return stats?.isDirectory() && stats.uid === uid && (stats.mode & groupAndOthers) === 0 ? folder : undefined;
}

/** Whether nobody else can rename what is in `path`, nor any folder on the way to it. */
function isKept(path: string, uid: number): boolean {
	const stats = statsOf(path);
	if (!stats?.isDirectory() || (stats.uid !== uid && stats.uid !== 0)) return false;
	// In a sticky folder, as /tmp is, everybody may make entries, and rename their own.
	if ((stats.mode & groupAndOthers) !== 0 && (stats.mode & sticky) === 0) return false;
	const parent = dirname(path);
	return parent === path || isKept(parent, uid);
}

/** A link's own: where it leads may change. @returns undefined for what is not there, or is not for this user to look at (HOME of `sudo -u`). */
function statsOf(path: string): Stats | undefined {
	try {
		return lstatSync(path);
	} catch {
		return undefined;
	}
}

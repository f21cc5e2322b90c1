import { mkdir, rm, stat } from "node:fs/promises";
import { causeText, WeftError } from "../model/error.ts";
import { busyboxRoot } from "./busybox-root.ts";
import { execute } from "./execute.ts";
import { program } from "./programs.ts";
import type { ContainerPaths, ContainerSpec } from "./spec.ts";

/**
 * Mounts the container's root, unless it is: a layer of its own over the given one, which stays as it is.
 * @throws {WeftError} ARGUMENT_INVALID, SANDBOX_FAILED
 */
export async function mountRoot(spec: ContainerSpec, stateDir: string, paths: ContainerPaths): Promise<void> {
	const lower = spec.rootfs ?? (await busyboxRoot(stateDir));
	if ((await stat(lower).catch(() => undefined))?.isDirectory() !== true) {
		throw new WeftError("ARGUMENT_INVALID", `Cannot use --rootfs ${lower}: it is not a folder`, {
			fix: "give the folder that holds the container's bin, etc, usr …",
		});
	}
	for (const dir of [paths.upper, paths.work, paths.rootfs]) await mkdir(dir, { recursive: true });
	if (await isMounted(paths)) return;
	const options = `lowerdir=${lower},upperdir=${paths.upper},workdir=${paths.work}`;
	try {
		await execute(program("mount"), ["-t", "overlay", "overlay", "-o", options, paths.rootfs]);
	} catch (cause) {
		throw new WeftError("SANDBOX_FAILED", `Cannot make the root of container "${spec.name}" from ${lower}`, {
			fix: "the kernel needs overlayfs (CONFIG_OVERLAY_FS)",
			cause: causeText(cause),
		});
	}
}

/** Unmounting what is not mounted succeeds. @throws {WeftError} SANDBOX_FAILED */
export async function unmountRoot(paths: ContainerPaths): Promise<void> {
	while (await isMounted(paths)) {
		try {
			await execute(program("umount"), ["-l", paths.rootfs]);
		} catch (cause) {
			throw new WeftError("SANDBOX_FAILED", `Cannot unmount ${paths.rootfs}`, { cause: causeText(cause) });
		}
	}
}

/** What is mounted stands on another device than the folder that it is in. */
async function isMounted({ rootfs, bundle }: ContainerPaths): Promise<boolean> {
	const [root, around] = await Promise.all([rootfs, bundle].map((path) => stat(path).catch(() => undefined)));
	return root !== undefined && around !== undefined && root.dev !== around.dev;
}

/** Removes what a container needed while it ran. What is not there is no error. */
export async function releaseRoot(paths: ContainerPaths): Promise<void> {
	await unmountRoot(paths);
	// A conmon that was killed left its link.
	await rm(paths.socketDir, { recursive: true, force: true });
}

/** Removes all that a container had on the disk. */
export async function removeFiles(paths: ContainerPaths): Promise<void> {
	// First of all: what is half removed is no container.
	await rm(paths.spec, { force: true });
	await releaseRoot(paths);
	await rm(paths.dir, { recursive: true, force: true });
	await rm(paths.exit, { force: true });
}

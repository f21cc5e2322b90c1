import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { causeText, WeftError } from "../model/error.ts";
import { program } from "./programs.ts";
import type { ContainerPaths, ContainerSpec } from "./spec.ts";

/** @returns The folder of a small root made of Debian's busybox: made once, used by all. */
export function busyboxRoot(stateDir: string): string {
	const root = join(stateDir, "rootfs", "busybox");
	if (existsSync(root)) return root;
	const busybox = program("busybox");
	const half = `${root}.${process.pid}`;
	for (const folder of [
		"bin",
		"dev",
		"etc",
		"home",
		"proc",
		"root",
		"run",
		"sys",
		"tmp",
		"usr/bin",
		"usr/sbin",
		"sbin",
		"var",
	])
		mkdirSync(join(half, folder), { recursive: true });
	copyFileSync(busybox, join(half, "bin/busybox"));
	const applets = execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n");
	for (const applet of applets)
		if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(half, "bin", applet));
	writeFileSync(join(half, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
	writeFileSync(join(half, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
	// Whole or not at all: another agent's half must never be used.
	renameSync(half, root);
	return root;
}

/** Mounts the container's root: a layer of its own over the given one, which stays as it is. @throws {WeftError} ARGUMENT_INVALID, SANDBOX_FAILED */
export function mountRoot(spec: ContainerSpec, stateDir: string, paths: ContainerPaths): void {
	const lower = spec.rootfs ?? busyboxRoot(stateDir);
	if (!statSync(lower, { throwIfNoEntry: false })?.isDirectory()) {
		throw new WeftError("ARGUMENT_INVALID", `Cannot use --rootfs ${lower}: it is not a folder`, {
			fix: "give the folder that holds the container's bin, etc, usr …",
		});
	}
	for (const dir of [paths.upper, paths.work, paths.rootfs]) mkdirSync(dir, { recursive: true });
	unmountRoot(paths);
	const options = `lowerdir=${lower},upperdir=${paths.upper},workdir=${paths.work}`;
	try {
		execFileSync(program("mount"), ["-t", "overlay", "overlay", "-o", options, paths.rootfs], { stdio: "pipe" });
	} catch (cause) {
		throw new WeftError("SANDBOX_FAILED", `Cannot make the root of container "${spec.name}" from ${lower}`, {
			fix: "the kernel needs overlayfs (CONFIG_OVERLAY_FS)",
			cause: causeText(cause),
		});
	}
}

/** Unmounting what is not mounted succeeds. */
export function unmountRoot(paths: ContainerPaths): void {
	try {
		execFileSync(program("umount"), ["-l", paths.rootfs], { stdio: "ignore" });
	} catch {
		// Not mounted.
	}
}

/** Removes what a container needed while it ran. What is not there is no error. */
export function releaseRoot(paths: ContainerPaths): void {
	unmountRoot(paths);
	// A conmon that was killed left its link.
	rmSync(join(paths.sockets, paths.dir.slice(-64)), { recursive: true, force: true });
}

/** Removes all that a container had on the disk. */
export function removeFiles(paths: ContainerPaths): void {
	releaseRoot(paths);
	rmSync(paths.dir, { recursive: true, force: true });
	rmSync(paths.exit, { force: true });
}

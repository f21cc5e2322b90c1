import { access, copyFile, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execute } from "./execute.ts";
import { program } from "./programs.ts";

const folders = "bin dev etc home proc root run sys tmp usr/bin usr/sbin sbin var".split(" ");

/** @returns The folder of a small root made of Debian's busybox: made once, used by all. */
export async function busyboxRoot(stateDir: string): Promise<string> {
	const root = join(stateDir, "rootfs", "busybox");
	if (await isThere(root)) return root;
	const busybox = program("busybox");
	// Whole or not at all, also when several are at it: a half must never be used.
	const half = `${root}.${process.pid}.${performance.now()}`;
	for (const folder of folders) await mkdir(join(half, folder), { recursive: true });
	await copyFile(busybox, join(half, "bin/busybox"));
	for (const applet of (await execute(busybox, ["--list"])).split("\n"))
		if (applet !== "" && applet !== "busybox") await symlink("busybox", join(half, "bin", applet));
	await writeFile(
		join(half, "etc/passwd"),
		"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
	);
	await writeFile(join(half, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
	try {
		await rename(half, root);
	} catch (error) {
		// Another was first.
		await rm(half, { recursive: true, force: true });
		if (!(await isThere(root))) throw error;
	}
	return root;
}

async function isThere(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}

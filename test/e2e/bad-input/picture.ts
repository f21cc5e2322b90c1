import type { TestLab } from "../with-lab.ts";
import { runLines, scriptPath } from "./run.ts";

const kernelAndDisk = `
for ns in $(ls /run/netns); do
	echo "== $ns"; ip -n $ns -br address; ip -n $ns route; ip -n $ns neigh show nud permanent; bridge -n $ns fdb
done
ip -br address; ip route; ip neigh show nud permanent; nft list table inet weft; nft list table bridge weft
grep -o '/var/lib/weft/containers/[^ ]*' /proc/mounts
ls /var/lib/weft /var/lib/weft/containers /var/lib/weft/exits /run/weft /run/weft/c
`;
const words = [
	["network", "inspect", "blue", "red", "wide"],
	["network", "ls", "--no-trunc"],
	["ps", "-a", "--format", "{{.ID}} {{.Names}} {{.Networks}} {{.state}}"],
];

/**
 * @returns What the kernel, the disk and the agent of each host hold, and the cluster's store, line by line: the same before and
 * after means that nothing is half done.
 */
export function pictureOf(lab: TestLab): string[] {
	const ofHost = (host: string) => [
		lab.lab.exec(host, ["sh", "-c", kernelAndDisk]),
		...runLines(lab, host, words).map(({ stdout }) => stdout),
	];
	const store = lab.lab.exec("host2", [process.execPath, scriptPath("store-keys.ts")]);
	return [...ofHost("host1"), ...ofHost("host2"), store].join("\n").split("\n");
}

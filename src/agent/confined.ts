import { program } from "../sandbox/programs.ts";

/** What a container of weft may hold: see src/sandbox/bundle.ts. runc can give only what the agent has itself. */
const forContainers = [
	"chown",
	"dac_override",
	"fsetid",
	"fowner",
	"mknod",
	"net_raw",
	"setgid",
	"setuid",
	"setfcap",
	"setpcap",
	"net_bind_service",
	"sys_chroot",
	"kill",
	"audit_write",
] as const;

/** What each long-running process may do, whatever becomes of it: capabilities(7), without their CAP_. */
export const rights = {
	agent: {
		capabilities: [
			...forContainers,
			// Links, addresses, routes, nftables.
			"net_admin",
			// Their events out of all namespaces at once: NETLINK_LISTEN_ALL_NSID.
			"net_broadcast",
			// setns(2), mount(2), the device rules of runc's cgroups.
			"sys_admin",
			// /proc/PID/ns of processes with more rights than its own.
			"sys_ptrace",
			// What conmon and runc set for containers: limits, and who goes first when memory is short.
			"sys_resource",
		],
		// What runs in a container may be set-uid, as with Docker.
		noNewPrivileges: false,
	},
	names: {
		// setns(2) into a sandbox, whoever's it is, and port 53 there.
		capabilities: ["sys_admin", "sys_ptrace", "net_bind_service"],
		noNewPrivileges: true,
	},
} as const;

/**
 * @returns The command that runs `argv` with no more rights than it needs. They are taken away before it begins: capabilities are
 *   a thread's, and one that runs already has threads that it cannot change.
 * @throws {WeftError} PROGRAM_MISSING
 */
export function confined(who: keyof typeof rights, argv: readonly string[]): [string, ...string[]] {
	const { capabilities, noNewPrivileges } = rights[who];
	const bounds = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
	return [
		program("setpriv", `start the ${who} process`),
		...["--bounding-set", bounds, ...(noNewPrivileges ? ["--no-new-privs"] : []), "--"],
		...argv,
	];
}

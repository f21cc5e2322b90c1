import type { RestartPolicy } from "./restart.ts";
import type {
	BackupLineView,
	ConsoleView,
	ContainerEndpointView,
	ContainerView,
	CreatedView,
	EventView,
	ForgottenView,
	HostView,
	LogLineView,
	MoveStepView,
	NetworkView,
	PathView,
	RecoverView,
	StatusView,
	StoreCheckView,
	TokenView,
} from "./view.ts";

/**
 * What an agent does for people and programs. The agent implements it, the API serves it, and the client is it over HTTP.
 * A `ref` is a name, an id or the unique head of an id. All methods throw {@link WeftError}; texts in requests are as typed:
 * the API has checked their form (names, addresses, prefixes, ranges of numbers), and nothing of their meaning.
 */
export interface Service {
	status(): Promise<StatusView>;
	hosts(): Promise<readonly HostView[]>;
	/**
	 * Takes a host that does not live out of the cluster, with its endpoints. One that lives after all is a member again as it returns.
	 * @throws HOST_NOT_FOUND, HOST_ALIVE, ARGUMENT_INVALID
	 */
	forgetHost(ref: string): Promise<ForgottenView>;
	/** Tests whether UDP 4789 passes between this host and each other one, both ways: about a second. Sorted by name. */
	testPaths(): Promise<readonly PathView[]>;
	createToken(request: { readonly ttlSeconds: number }): Promise<TokenView>;
	readonly networks: NetworkService;
	readonly containers: ContainerService;
	readonly store: StoreService;
	/**
	 * Connects a network namespace that weft did not make; the first call makes the sandbox, later ones connect it to more networks.
	 * @throws NETNS_NOT_FOUND, NETWORK_NOT_FOUND, NAME_IN_USE, ENDPOINT_EXISTS, ADDRESS_*
	 */
	attach(request: AttachRequest): Promise<AttachedView>;
	/** Disconnects a sandbox made by `attach` from all its networks and forgets it. */
	detach(request: { readonly name: string }): Promise<void>;
	/** What happens from now on, until `signal` aborts. The first entry waits for the first event. */
	events(signal: AbortSignal): AsyncIterable<EventView>;
}

export interface NetworkService {
	/** Sorted by name. `containers` is empty in each. */
	list(request: { readonly filters: NetworkFilters }): Promise<readonly NetworkView[]>;
	create(request: CreateNetworkRequest): Promise<CreatedView>;
	inspect(ref: string): Promise<NetworkView>;
	remove(ref: string): Promise<void>;
	connect(ref: string, request: ConnectRequest): Promise<ContainerEndpointView>;
	/** With `force` the endpoint goes even when its container is gone or its host is away. */
	disconnect(ref: string, request: { readonly container: string; readonly force: boolean }): Promise<void>;
	/** Removes all networks without endpoints. */
	prune(): Promise<{ readonly removed: readonly { readonly id: string; readonly name: string }[] }>;
}

/** Where the cluster's state is, and how it is: for the person who looks after it. */
export interface StoreService {
	/** Looks for what contradicts itself in the store; with `repair`, mends what can be mended. */
	check(request: { readonly repair: boolean }): Promise<StoreCheckView>;
	/** The lines of a backup: its format is in control/upkeep/backup-text.ts. */
	backup(): AsyncIterable<BackupLineView>;
	/**
	 * Freezes the cluster's state for a backup, which is put in its place in parts, and ended. Only what differs is written.
	 * @throws STORE_NOT_EMPTY unless `force`; STORE_MOVING
	 */
	beginRestore(request: { readonly from: string; readonly force: boolean }): Promise<{ readonly id: string }>;
	/** @throws CONFLICT when the restore is no longer under way. */
	putRecords(request: PutRecordsRequest): Promise<void>;
	/** Removes what was not put, and ends the freeze. @throws CONFLICT */
	endRestore(request: { readonly id: string }): Promise<void>;
	/**
	 * Moves the cluster's state to another store, while all goes on; yields each step. Until the last one, all is as it was when it
	 * fails, or `signal` aborts. @param request `to`: "etcd://a,b", or "sqlite:" for an embedded store on this host.
	 * @throws STORE_NOT_EMPTY, STORE_MOVING, STORE_UNREACHABLE, CONFLICT
	 */
	migrate(request: { readonly to: string }, signal: AbortSignal): AsyncIterable<MoveStepView>;
	/** Ends a move or a restore that nobody goes on with. @returns Where it was to go, or from; nothing when there was none. @throws STORE_MOVING */
	abortMove(): Promise<{ readonly aborted?: string }>;
	/**
	 * Makes what this host remembers the cluster's state, in an embedded store here, as the former store is lost for good.
	 * @throws CONFLICT when that one answers
	 */
	recover(): Promise<RecoverView>;
	/**
	 * Goes on in the cluster of a token with all that runs here, as the own one's store is lost, or its state left without this host.
	 * @returns `left`: what is another's there by now, as sentences. @throws CONFLICT when the own store answers; TOKEN_*
	 */
	join(request: { readonly token: string }): Promise<{ readonly storeUrl: string; readonly left: readonly string[] }>;
}

export interface PutRecordsRequest {
	/** Of the restore. */
	readonly id: string;
	/** At most {@link mostRecords}. */
	readonly records: readonly { readonly key: string; readonly value: string }[];
}

/** Of one {@link PutRecordsRequest}, which is one transaction: Consul takes 64 operations, etcd 128. */
export const mostRecords = 50;

/** Each key that is given must fit; of several values of one key one must. See `matchesFilters` in network-filter.ts. */
export interface NetworkFilters {
	/** A part of the name. */
	readonly name?: readonly string[];
	/** The head of the id. */
	readonly id?: readonly string[];
	readonly driver?: readonly string[];
	/** "key" or "key=value". */
	readonly label?: readonly string[];
}

export interface CreateNetworkRequest {
	readonly name: string;
	readonly driver: string;
	readonly subnet?: string;
	readonly ipRange?: string;
	readonly gateway?: string;
	readonly auxAddresses: Readonly<Record<string, string>>;
	readonly internal: boolean;
	readonly labels: Readonly<Record<string, string>>;
	readonly mtuBytes?: number;
}

export interface ConnectRequest {
	readonly container: string;
	readonly ip?: string;
	readonly aliases: readonly string[];
}

/** Containers of this host. */
export interface ContainerService {
	/** Newest first; only the running and attached ones unless `all`. */
	list(request: { readonly all: boolean }): Promise<readonly ContainerView[]>;
	/**
	 * Makes the sandbox, its endpoints and the container, all or nothing; the command waits for `start`.
	 * @throws CONTAINER_EXISTS, NETWORK_NOT_FOUND, ADDRESS_*, PROGRAM_MISSING, SANDBOX_FAILED
	 */
	create(request: CreateContainerRequest): Promise<CreatedView>;
	/**
	 * Starts one that never began, or has ended: that one comes back into its networks, at its former addresses where they are free.
	 * @throws CONTAINER_NOT_FOUND, CONTAINER_RUNNING, NETWORK_NOT_FOUND, ADDRESS_IN_USE, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, SANDBOX_FAILED
	 */
	start(ref: string): Promise<void>;
	inspect(ref: string): Promise<ContainerView>;
	/** SIGTERM, and SIGKILL after `timeoutSeconds`; it does not begin again by itself. One that is not running is no error. */
	stop(ref: string, request: { readonly timeoutSeconds: number }): Promise<void>;
	/** @throws CONTAINER_NOT_RUNNING */
	kill(ref: string, request: { readonly signal: string }): Promise<void>;
	/** @throws CONTAINER_RUNNING unless `force` */
	remove(ref: string, request: { readonly force: boolean }): Promise<void>;
	/** Ends at the end of the log; with `follow` once the container has ended (one that is not started yet is waited for), or `signal` aborts. */
	logs(ref: string, request: LogsRequest, signal?: AbortSignal): AsyncIterable<LogLineView>;
	/** @returns The command to start on this host, with the caller's own terminal. @throws CONTAINER_NOT_RUNNING */
	exec(ref: string, request: ExecRequest): Promise<{ readonly argv: readonly string[] }>;
	/**
	 * Where to attach to it. One that is not started yet is made ready: who attaches before `start` misses nothing.
	 * @throws CONTAINER_NOT_FOUND; CONTAINER_NOT_RUNNING when it has ended; SANDBOX_FAILED
	 */
	console(ref: string): Promise<ConsoleView>;
	/** Resolves once the container has ended (and, with `autoRemove`, is removed). One that is not started yet is waited for. */
	wait(ref: string, signal?: AbortSignal): Promise<{ readonly exitCode: number }>;
}

export interface NetworkJoin {
	readonly network: string;
	readonly ip?: string;
	readonly aliases: readonly string[];
}

export interface CreateContainerRequest {
	/** Chosen by the agent when omitted. */
	readonly name?: string;
	/** The container's short id when omitted. */
	readonly hostname?: string;
	readonly command: readonly string[];
	/** In the order of eth0, eth1 … None: the container has `lo` only. */
	readonly networks: readonly NetworkJoin[];
	/** An absolute path; a small root with busybox when omitted. */
	readonly rootfs?: string;
	/** "NAME=value". */
	readonly env: readonly string[];
	readonly workdir?: string;
	readonly tty: boolean;
	/** Keeps stdin open for whoever attaches. */
	readonly stdin: boolean;
	/** The agent removes it once it has ended. */
	readonly autoRemove: boolean;
	/** `no` when omitted. */
	readonly restart?: RestartPolicy;
}

export interface LogsRequest {
	readonly follow: boolean;
	/** Only that many lines from the end; all when omitted. */
	readonly tail?: number;
}

export interface ExecRequest {
	readonly command: readonly string[];
	readonly tty: boolean;
	readonly stdin: boolean;
	/** The command goes on when what starts it here has ended. */
	readonly detach: boolean;
	readonly env: readonly string[];
	readonly workdir?: string;
	/** "UID" or "UID:GID". */
	readonly user?: string;
}

export interface AttachRequest {
	/** An absolute path to the namespace; a bare name stands for one below /run/netns, a number for the process of that id. */
	readonly netns: string;
	readonly network: string;
	/** Its name in the network's DNS. */
	readonly name: string;
	readonly ip?: string;
	readonly aliases: readonly string[];
}

export interface AttachedView extends ContainerEndpointView {
	readonly sandboxId: string;
	readonly name: string;
	/** The name server to use in there. */
	readonly nameserver: string;
}

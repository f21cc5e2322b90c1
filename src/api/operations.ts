import type { z } from "zod";
import type { RouteName } from "../model/routes.ts";
import type { Service } from "../model/service.ts";
import * as container from "./schema/container-view.ts";
import * as request from "./schema/request.ts";
import * as store from "./schema/store.ts";
import * as view from "./schema/view.ts";

/** A call of the API as it came in, checked. */
export interface Call<Input> {
	/** Empty where the path has none. */
	readonly ref: string;
	readonly input: Input;
	/** Aborts when the caller has gone. */
	readonly signal: AbortSignal;
}

/** What stands behind a route. The input comes in the query of GET and DELETE, and in the body of POST. */
export interface Operation<Input, Answer> {
	readonly summary: string;
	/** What `{ref}` in the path means. */
	readonly refers?: "network" | "container" | "host";
	readonly input: z.ZodType<Input>;
	/** Absent: 204. Of a stream, the schema of one line. */
	readonly answer?: z.ZodType<Answer>;
	run(service: Service, call: Call<Input>): Promise<Answer> | AsyncIterable<Answer>;
	/** Fails for a stream before it begins, so that the answer has the error's status. */
	check?(service: Service, call: Call<Input>): Promise<unknown>;
}

function operation<Input, Answer>(operation: Operation<Input, Answer>): Operation<Input, Answer> {
	return operation;
}

const general = {
	status: operation({
		summary: "How the agent and its host are",
		input: request.nothing,
		answer: view.statusView,
		run: (service) => service.status(),
	}),
	hosts: operation({
		summary: "All hosts of the cluster",
		input: request.nothing,
		answer: view.hostView.array().readonly(),
		run: (service) => service.hosts(),
	}),
	forgetHost: operation({
		summary: "Take a host that is dead out of the cluster, with its endpoints",
		refers: "host",
		input: request.nothing,
		answer: view.forgottenView,
		run: (service, { ref }) => service.forgetHost(ref),
	}),
	testPaths: operation({
		summary: "Test whether UDP 4789 passes between this host and the others, both ways",
		input: request.nothing,
		answer: view.pathView.array().readonly(),
		run: (service) => service.testPaths(),
	}),
	createToken: operation({
		summary: "Make a token that lets one more host join",
		input: request.createToken,
		answer: view.tokenView,
		run: (service, { input }) => service.createToken(input),
	}),
	attach: operation({
		summary: "Connect a network namespace that weft did not make",
		input: request.attach,
		answer: container.attachedView,
		run: (service, { input }) => service.attach(input),
	}),
	detach: operation({
		summary: "Disconnect an attached namespace from all networks and forget it",
		refers: "container",
		input: request.nothing,
		run: (service, { ref }) => service.detach({ name: ref }),
	}),
	events: operation({
		summary: "What happens from now on",
		input: request.nothing,
		answer: view.eventView,
		run: (service, { signal }) => service.events(signal),
	}),
};

const stores = {
	checkStore: operation({
		summary: "What contradicts itself in the cluster's state",
		input: store.check,
		answer: store.checkView,
		run: (service, { input }) => service.store.check(input),
	}),
	backupStore: operation({
		summary: "All of the cluster's state, line by line as a file holds it",
		input: request.nothing,
		answer: store.backupLine,
		run: (service) => service.store.backup(),
	}),
	beginRestore: operation({
		summary: "Freeze the cluster's state, to put a backup in its place",
		input: store.beginRestore,
		answer: store.restoreBegun,
		run: (service, { input }) => service.store.beginRestore(input),
	}),
	putRecords: operation({
		summary: "Put a part of a backup",
		input: store.putRecords,
		run: (service, { input }) => service.store.putRecords(input),
	}),
	endRestore: operation({
		summary: "Remove what was not in the backup, and end the freeze",
		input: store.endRestore,
		run: (service, { input }) => service.store.endRestore(input),
	}),
	migrateStore: operation({
		summary: "Move the cluster's state to another store, while all goes on",
		input: store.migrate,
		answer: store.moveStep,
		run: (service, { input, signal }) => service.store.migrate(input, signal),
	}),
	abortMove: operation({
		summary: "End a move or a restore that nobody goes on with",
		input: request.nothing,
		answer: store.moveAborted,
		run: (service) => service.store.abortMove(),
	}),
	recoverStore: operation({
		summary: "Make what this host remembers the cluster's state, as its store is lost",
		input: request.nothing,
		answer: store.recoverView,
		run: (service) => service.store.recover(),
	}),
	joinStore: operation({
		summary: "Go on in another cluster with all that runs here, as the own one's store is lost",
		input: store.join,
		answer: store.joined,
		run: (service, { input }) => service.store.join(input),
	}),
};

const networks = {
	listNetworks: operation({
		summary: "Networks, by name",
		input: request.networkFilters,
		answer: view.networkView.array().readonly(),
		run: ({ networks }, { input }) => networks.list({ filters: input }),
	}),
	createNetwork: operation({
		summary: "Create a network",
		input: request.createNetwork,
		answer: view.createdView,
		run: ({ networks }, { input }) => networks.create(input),
	}),
	inspectNetwork: operation({
		summary: "One network with its endpoints on all hosts",
		refers: "network",
		input: request.nothing,
		answer: view.networkView,
		run: ({ networks }, { ref }) => networks.inspect(ref),
	}),
	removeNetwork: operation({
		summary: "Remove a network that has no endpoints",
		refers: "network",
		input: request.nothing,
		run: ({ networks }, { ref }) => networks.remove(ref),
	}),
	connectNetwork: operation({
		summary: "Connect a container to a network",
		refers: "network",
		input: request.connect,
		answer: container.containerEndpointView,
		run: ({ networks }, { ref, input }) => networks.connect(ref, input),
	}),
	disconnectNetwork: operation({
		summary: "Disconnect a container from a network",
		refers: "network",
		input: request.disconnect,
		run: ({ networks }, { ref, input }) => networks.disconnect(ref, input),
	}),
	pruneNetworks: operation({
		summary: "Remove all networks without endpoints",
		input: request.nothing,
		answer: view.pruned,
		run: ({ networks }) => networks.prune(),
	}),
};

const containers = {
	listContainers: operation({
		summary: "Containers of this host, newest first",
		input: request.containerList,
		answer: container.containerView.array().readonly(),
		run: ({ containers }, { input }) => containers.list(input),
	}),
	createContainer: operation({
		summary: "Create a container; its command waits for start",
		input: request.createContainer,
		answer: view.createdView,
		run: ({ containers }, { input }) => containers.create(input),
	}),
	inspectContainer: operation({
		summary: "One container",
		refers: "container",
		input: request.nothing,
		answer: container.containerView,
		run: ({ containers }, { ref }) => containers.inspect(ref),
	}),
	removeContainer: operation({
		summary: "Remove a container",
		refers: "container",
		input: request.remove,
		run: ({ containers }, { ref, input }) => containers.remove(ref, input),
	}),
	startContainer: operation({
		summary: "Start a container that never began, or has ended",
		refers: "container",
		input: request.nothing,
		run: ({ containers }, { ref }) => containers.start(ref),
	}),
	stopContainer: operation({
		summary: "SIGTERM, then SIGKILL",
		refers: "container",
		input: request.stop,
		run: ({ containers }, { ref, input }) => containers.stop(ref, input),
	}),
	killContainer: operation({
		summary: "Send a signal",
		refers: "container",
		input: request.kill,
		run: ({ containers }, { ref, input }) => containers.kill(ref, input),
	}),
	waitContainer: operation({
		summary: "Answers once the container has ended",
		refers: "container",
		input: request.nothing,
		answer: container.exitView,
		run: ({ containers }, { ref, signal }) => containers.wait(ref, signal),
	}),
	execContainer: operation({
		summary: "The command that runs another one inside, to be started on this host",
		refers: "container",
		input: request.exec,
		answer: container.execView,
		run: ({ containers }, { ref, input }) => containers.exec(ref, input),
	}),
	containerConsole: operation({
		summary: "Where to attach to the container's terminal or streams, on this host",
		refers: "container",
		input: request.nothing,
		answer: container.consoleView,
		run: ({ containers }, { ref }) => containers.console(ref),
	}),
	containerLogs: operation({
		summary: "What the container wrote",
		refers: "container",
		input: request.logs,
		answer: container.logLineView,
		check: ({ containers }, { ref }) => containers.inspect(ref),
		run: ({ containers }, { ref, input, signal }) => containers.logs(ref, input, signal),
	}),
};

/** A route without an operation does not compile. */
export const operations = { ...general, ...stores, ...networks, ...containers } satisfies Record<RouteName, object>;

export type Operations = typeof operations;

import type { Container } from "../sandbox/container.ts";
import { comeBack, hasLeft } from "./left-networks.ts";
import type { Runtime } from "./runtime.ts";
import type { Sandboxes } from "./sandboxes.ts";

/**
 * Starts the command of a container that does not run: one that has ended comes back into the networks that it left. When it
 * cannot begin, it is as it was.
 * @param note Notes that it begins.
 */
export async function bringUp(
	{ view }: { readonly view: Pick<Runtime["view"], "sandboxes"> },
	sandboxes: Sandboxes,
	container: Container,
	note: () => Promise<void>,
): Promise<void> {
	const { id, status } = container;
	if (status.state !== "exited") {
		await note();
		await sandboxes.ready(id);
		return container.start();
	}
	// One that an agent was killed over on its way back has a sandbox, and is not in all of its networks.
	const stays = !container.isOver && view.sandboxes.has(id) && !(await hasLeft(container.paths));
	await container.renew();
	try {
		await note();
		if (stays) await sandboxes.ready(id);
		else await container.writeHosts(await comeBack(sandboxes, container));
		await container.start();
	} catch (error) {
		await container.lapse(status);
		throw error;
	}
}

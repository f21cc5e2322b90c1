import { vxlanPort } from "../drivers/overlay.ts";
import type { LaunchStep } from "../model/launch.ts";
import type { PathState, PathView } from "../model/view.ts";

/** @returns What `weft launch` tells of the way to one host. It never fails a launch: the way may be opened later. */
export function pathStep(path: PathView): LaunchStep {
	const { host, vtep, there, here, fullBytes } = path;
	const told = (outcome: LaunchStep["outcome"], text: string, fix?: string): LaunchStep => ({
		subject: host,
		outcome,
		detail: `${vtep}, ${text}`,
		...(fix === undefined ? {} : { fix }),
	});
	if (there === "unknown" || here === "unknown")
		return told("warning", `udp ${vxlanPort} not tested: its agent does not answer`, `weft status, on ${host}`);
	if (there === "ok" && here === "ok")
		return told("ok", `udp ${vxlanPort} both ways ok, ${fullBytes} bytes in one piece`);
	if (there === "blocked" || here === "blocked")
		return told("warning", `${blocked(path)}: containers of the two hosts cannot reach each other`, opening(path));
	return told(
		"warning",
		`udp ${vxlanPort} both ways ok, but packets of ${fullBytes} bytes are lost ${lossy(path)}: large transfers will hang`,
		`raise the MTU on the way to ${fullBytes}, or give networks a smaller one: weft network create --opt com.docker.network.driver.mtu=BYTES NAME`,
	);
}

function blocked({ host, there, here }: PathView): string {
	const way = (state: PathState) => (state === "blocked" ? "BLOCKED" : "ok");
	if (there === here) return `udp ${vxlanPort} BLOCKED both ways`;
	return `udp ${vxlanPort} to ${host} ${way(there)}, from ${host} ${way(here)}`;
}

function lossy({ host, there, here }: PathView): string {
	if (there === here) return "both ways";
	return there === "ok" ? `from ${host}` : `to ${host}`;
}

function opening({ host, there, here }: PathView): string {
	const ends = [
		...(there === "blocked" ? [`in at ${host} and out at this host`] : []),
		...(here === "blocked" ? [`in at this host and out at ${host}`] : []),
	];
	return `open UDP ${vxlanPort} in the firewall: ${ends.join(", ")}, and in whatever filters between them`;
}

import { WeftError } from "../model/error.ts";
import type { Driver } from "./driver.ts";
import { overlay } from "./overlay.ts";

/** Every driver, by the names that `--driver` takes. */
const drivers: Readonly<Record<string, Driver>> = { overlay, weft: overlay };

/** @throws {WeftError} DRIVER_UNKNOWN */
export function driverOf(name: string): Driver {
	const driver = Object.hasOwn(drivers, name) ? drivers[name] : undefined;
	if (driver === undefined) {
		const known = Object.keys(drivers).join(", ");
		throw new WeftError("DRIVER_UNKNOWN", `Cannot use driver "${name}": this weft has ${known}`, {
			fix: "weft network create --driver overlay NAME",
		});
	}
	return driver;
}

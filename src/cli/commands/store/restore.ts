import { resolve } from "node:path";
import { mostRecords, type StoreService } from "../../../model/service.ts";
import { command } from "../../command.ts";
import { note } from "../../io.ts";
import { type Progress, progress } from "../../progress.ts";

/** A call's body is a mebibyte at most, and JSON within JSON may take twice its length. */
const mostCharacters = 300_000;

interface Piece {
	readonly key: string;
	readonly value: string;
}

export default command({
	operands: [{ name: "FILE" }],
	flags: { force: { type: "boolean", short: "f", help: "Also in the place of networks that are there" } },
	details:
		"The file is read to its end first: one that is cut or changed is refused before anything is written. While it is put in place nobody changes the cluster's state; only what differs is written, so that containers whose records are the same do not notice. The records of hosts that live stay as they are.",
	examples: [
		{ type: "weft store restore weft.backup", does: "Put a backup into a new cluster" },
		{
			type: "weft store restore --force weft.backup",
			does: "Go back to it: networks that were made since are removed",
		},
	],
	async run({ flags, operands: [file = ""], io, agent }) {
		const [{ readBackup }, { readFileAt }] = await Promise.all([
			import("../../../control/upkeep/backup-text.ts"),
			import("../../file.ts"),
		]);
		const { header, records } = readBackup(await readFileAt(resolve(file)), file);
		const { store } = await agent();
		const shown = progress(io);
		try {
			await put(store, { from: file, force: flags.force, records }, shown);
		} finally {
			shown.end();
		}
		note(io, `${header.count} records of ${header.date} are in place; weft store check tells whether they are sound`);
	},
});

async function put(
	store: StoreService,
	{ records, ...request }: { from: string; force: boolean; records: readonly Piece[] },
	shown: Progress,
): Promise<void> {
	const { id } = await store.beginRestore(request);
	let done = 0;
	for (const piece of pieces(records)) {
		await store.putRecords({ id, records: piece });
		done += piece.length;
		shown.tell(`${done} of ${records.length} records`);
	}
	await store.endRestore({ id });
}

/** @yields The records in parts that one call carries. */
function* pieces(records: readonly Piece[]): Iterable<Piece[]> {
	let piece: Piece[] = [];
	let characters = 0;
	for (const record of records) {
		const more = record.key.length + record.value.length;
		if (piece.length === mostRecords || (piece.length > 0 && characters + more > mostCharacters)) {
			yield piece;
			[piece, characters] = [[], 0];
		}
		piece.push(record);
		characters += more;
	}
	if (piece.length > 0) yield piece;
}

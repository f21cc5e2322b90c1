import { resolve } from "node:path";
import { command } from "../../command.ts";
import { note } from "../../io.ts";
import { progress } from "../../progress.ts";

export default command({
	operands: [{ name: "FILE" }],
	flags: {},
	details:
		"The file is text: a header, a line of JSON for each record, and a checksum; - is stdout. It holds no join tokens, and not which hosts live. It is written whole or not at all, for its owner alone.",
	examples: [
		{ type: "weft store backup weft.backup", does: "Keep the cluster's state as it is at this moment" },
		{ type: "weft store backup - | ssh elsewhere 'cat > weft.backup'", does: "Keep it elsewhere" },
	],
	async run({ operands: [file = ""], io, agent }) {
		const [{ readBackup }, { store }] = await Promise.all([import("../../../control/upkeep/backup-text.ts"), agent()]);
		const lines: string[] = [];
		const shown = progress(io);
		for await (const { line } of store.backup()) {
			lines.push(line);
			shown.tell(`${lines.length} records read`);
		}
		shown.end();
		const text = `${lines.join("\n")}\n`;
		// What came over the socket is read as a later restore would: a backup that cannot be read is none.
		const { header } = readBackup(text, file);
		if (file === "-") io.stdout.write(text);
		else {
			const { writeFileAt } = await import("../../file.ts");
			await writeFileAt(resolve(file), text);
		}
		note(io, `${header.count} records at revision ${header.revision} of ${header.store}`);
	},
});

import { command } from "../command.ts";
import { print } from "../io.ts";
import { UsageError } from "../usage-error.ts";

const scripts: Readonly<Record<string, string>> = {
	bash: `_weft() {
	local IFS=$'\\n'
	COMPREPLY=($(weft complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _weft weft`,
	zsh: `#compdef weft
_weft() {
	local -a found
	found=("\${(@f)$(weft complete -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
	compadd -a found
}
compdef _weft weft`,
	fish: `complete -c weft -f -a '(weft complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};

export default command({
	operands: [{ name: "SHELL", completes: Object.keys(scripts) }],
	flags: {},
	examples: [
		{ type: "weft completion bash > /etc/bash_completion.d/weft", does: "For all who use bash" },
		{ type: "source <(weft completion zsh)", does: "For this shell" },
	],
	async run({ operands: [shell = ""], io }) {
		const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
		if (script === undefined)
			throw new UsageError(
				`Cannot complete for "${shell}": weft knows ${Object.keys(scripts).join(", ")}`,
				"weft completion bash",
			);
		print(io, script);
	},
});

import { command } from "../command.ts";
import { print } from "../io.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Each asks `weft complete` with the words so far, the last of which may be empty. bash breaks words at "=" and ":", and wants
 * only what follows them: its words are put together again, and what it has of them is cut off the answers.
 */
const scripts: Readonly<Record<string, string>> = {
	bash: `_weft() {
	local IFS=$'\\n' word words=() head
	for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
		if ((\${#words[@]})) && [[ $word == [=:]* || \${words[-1]} == *[=:] ]]; then words[-1]+=$word; else words+=("$word"); fi
	done
	head=\${words[-1]%"\${words[-1]##*[=:]}"}
	COMPREPLY=($(weft complete -- "\${words[@]}" 2>/dev/null))
	COMPREPLY=("\${COMPREPLY[@]#"$head"}")
	if [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _weft weft`,
	zsh: `#compdef weft
_weft() {
	local -a found
	found=(\${(f)"$(weft complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
	if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _weft weft`,
	fish: `function __weft_complete
	set -l typed (commandline -opc) (commandline -ct)
	set -l found (weft complete -- $typed[2..] 2>/dev/null)
	if set -q found[1]; printf '%s\\n' $found; else; __fish_complete_path (commandline -ct); end
end
complete -c weft -f -a '(__weft_complete)'`,
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

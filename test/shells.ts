import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** How each shell is asked, without a person, what the words of a line may become. */
const asking = {
	bash: `
source <(weft completion bash)
while IFS= read -r line; do
	COMP_WORDS=() COMPREPLY=()
	for word in \${line//=/ = }; do COMP_WORDS+=("$word"); done
	if [[ $line == *" " ]]; then COMP_WORDS+=(""); fi
	COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
	_weft
	echo "\${COMPREPLY[@]}"
done`,
	zsh: `
compdef() { : }
compadd() { print -r -- \${(P)2} }
_files() { print files }
source <(weft completion zsh)
while IFS= read -r line; do
	words=("\${(@s: :)line}") CURRENT=\${#words}
	_weft
done`,
	fish: `
weft completion fish | source
while read -l line
	complete -C $line | string join ' '
end`,
} as const;

const flags = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] } as const;

/**
 * @param lines Each with `weft` in front; a space at the end stands for an empty last word.
 * @returns What the shell would offer for each, sorted.
 */
export async function completions(
	shell: keyof typeof asking,
	lines: readonly string[],
	env: Readonly<Record<string, string>>,
): Promise<string[][]> {
	const bin = new URL("../bin", import.meta.url).pathname;
	const child = spawn(shell, [...flags[shell], "-c", asking[shell]], {
		env: { ...process.env, ...env, PATH: `${bin}:${process.env["PATH"]}` },
		stdio: ["pipe", "pipe", "inherit"],
		timeout: 30_000,
	});
	child.stdin.end(`${lines.join("\n")}\n`);
	const said = await text(child.stdout);
	return said
		.split("\n")
		.slice(0, -1)
		.map((line) => line.split(" ").filter(Boolean).sort());
}

import type { Readable } from "node:stream";
import { spawnProgram } from "../kernel/spawn.ts";

const timeoutMs = 30_000;

/** Runs a program to its end. @returns What it wrote to stdout. @throws {Error} with what it complained of: it failed, or took longer than 30 s. */
export async function execute(file: string, args: readonly string[]): Promise<string> {
	const { outputs, ended, kill } = spawnProgram(file, args, { env: process.env, outputs: [1, 2] });
	const timer = setTimeout(kill, timeoutMs);
	const [[said = "", complaint = ""], { code, signal }] = await Promise.all([Promise.all(outputs.map(textOf)), ended]);
	clearTimeout(timer);
	if (code === 0) return said;
	throw new Error(complaint.trim() || `${file} ended with ${code === undefined ? `signal ${signal}` : code}`);
}

async function textOf(stream: Readable): Promise<string> {
	let text = "";
	stream.setEncoding("utf8");
	for await (const chunk of stream) text += String(chunk);
	return text;
}

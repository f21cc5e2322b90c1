/** Which lab a verb means. */
export const labFlag = {
	lab: { type: "string", default: "lab", value: "NAME", help: "Several labs may stand side by side" },
} as const;

/** What weft's tests read of an OpenAPI 3.1 document. */

export interface Schema {
	readonly $ref?: string;
	readonly type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
	readonly enum?: readonly string[];
	readonly const?: unknown;
	readonly examples?: readonly unknown[];
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly pattern?: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly items?: Schema;
	readonly minItems?: number;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: boolean | Schema;
	readonly propertyNames?: Schema;
}

interface Content {
	readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface OperationObject {
	readonly operationId: string;
	readonly summary: string;
	readonly parameters?: readonly {
		readonly name: string;
		readonly in: "path" | "query";
		readonly required: boolean;
		readonly schema: Schema;
	}[];
	readonly requestBody?: Content;
	readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

export interface Document {
	readonly openapi: string;
	readonly info: { readonly title: string; readonly version: string };
	readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
	readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One call, with its input as one object: of the body, or of the query. */
export interface DocumentedCall {
	readonly name: string;
	readonly method: string;
	readonly path: string;
	/** Of `{ref}`, where the path has one. */
	readonly ref?: Schema;
	readonly input: Schema;
	readonly inBody: boolean;
	/** Answers as long as the caller listens. */
	readonly streams: boolean;
}

export function callsOf({ paths }: Document): DocumentedCall[] {
	return Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => callOf(path, method, operation)),
	);
}

function callOf(path: string, method: string, operation: OperationObject): DocumentedCall {
	const { operationId: name, parameters = [], requestBody, responses } = operation;
	const ref = parameters.find((parameter) => parameter.in === "path")?.schema;
	const query = parameters.filter((parameter) => parameter.in === "query");
	const body = requestBody?.content?.["application/json"]?.schema;
	return {
		name,
		method: method.toUpperCase(),
		path,
		...(ref === undefined ? {} : { ref }),
		input: body ?? {
			type: "object",
			properties: Object.fromEntries(query.map((parameter) => [parameter.name, parameter.schema])),
			required: query.filter(({ required }) => required).map((parameter) => parameter.name),
			additionalProperties: false,
		},
		inBody: body !== undefined,
		streams: Object.values(responses).some(({ content = {} }) => "application/x-ndjson" in content),
	};
}

/** @returns The schema itself, where it is named by reference. */
export function resolved({ components }: Document, schema: Schema): Schema {
	if (schema.$ref === undefined) return schema;
	const named = components.schemas[schema.$ref.replace("#/components/schemas/", "")];
	if (named === undefined) throw new TypeError(`the document has no ${schema.$ref}`);
	return resolved({ components } as Document, named);
}

/** Calls `see` with each schema within one, and the way to it. */
export function visit(document: Document, schema: Schema, see: (schema: Schema, way: string) => void, way = ""): void {
	const found = resolved(document, schema);
	see(found, way);
	for (const [name, property] of Object.entries(found.properties ?? {}))
		visit(document, property, see, way === "" ? name : `${way}.${name}`);
	if (found.items !== undefined) visit(document, found.items, see, `${way}[]`);
	if (typeof found.additionalProperties === "object") visit(document, found.additionalProperties, see, `${way}.*`);
}

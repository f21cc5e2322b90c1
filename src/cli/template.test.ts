import assert from "node:assert/strict";
import { test } from "node:test";
import { templateOf } from "./template.ts";

const item = {
	id: "abc",
	name: "blue",
	ipam: { subnet: "10.0.0.0/24" },
	vni: 256,
	labels: { team: "a" },
	list: [1, 2],
};
const cells = { ID: "ab", Name: "BLUE" };

const lines: readonly (readonly [template: string, line: string])[] = [
	["{{.name}}", "BLUE"],
	["{{.NAME}} {{ .ID }}", "BLUE ab"],
	["{{.ipam.subnet}}", "10.0.0.0/24"],
	["{{.Ipam.Subnet}}", "10.0.0.0/24"],
	["{{.vni}}", "256"],
	["{{.labels}}", '{"team":"a"}'],
	["{{json .labels}}", '{"team":"a"}'],
	["{{json .ipam.subnet}}", '"10.0.0.0/24"'],
	["{{json .}}", JSON.stringify(item)],
	["{{.}}", JSON.stringify(item)],
	["{{- .vni -}}", "256"],
	["a\\t{{.vni}}\\nb", "a\t256\nb"],
	["{{.list.0}}", "1"],
	["{{.labels.team}}: {{.labels.team}}", "a: a"],
];

for (const [template, line] of lines)
	test(`templateOf() prints ${template}`, () => assert.equal(templateOf(template).line(item, cells), line));

test("templateOf() takes a cell before a field of the same name, and the field where there is no cell", () => {
	assert.equal(templateOf("{{.name}}").line(item, {}), "blue");
});

test("templateOf() of headers names each field in capitals", () => {
	assert.equal(templateOf("{{.ID}}\t{{.ipam.subnet}}").line({}, { ID: "NETWORK ID" }), "NETWORK ID\tIPAM.SUBNET");
});

for (const template of ["{{range .}}", "{{.name | upper}}", "{{", "{{.name", "{{if .a}}{{end}}"])
	test(`templateOf() refuses ${template}`, () => {
		assert.throws(() => templateOf(template), { code: "ARGUMENT_INVALID", message: /^Cannot read the template: \{\{/ });
	});

for (const template of ["yaml", "", "JSON"])
	test(`templateOf() refuses "${template}", which would print the same for all`, () => {
		assert.throws(() => templateOf(template), { code: "ARGUMENT_INVALID", message: /^Cannot print in the format/ });
	});

test("line() says which field there is not, and which may be meant", () => {
	assert.throws(() => templateOf("{{.ipam.subnt}}").line(item, cells), {
		message: 'Cannot print {{.ipam.subnt}}: there is no field "subnt", did you mean "subnet"?',
	});
	assert.throws(() => templateOf("{{.vni.x}}").line(item, cells), { message: /no field "x"$/ });
	assert.throws(() => templateOf("{{.__proto__}}").line(item, cells), { message: /no field "__proto__"/ });
	assert.throws(() => templateOf("{{.constructor}}").line(item, cells), { message: /no field "constructor"/ });
});

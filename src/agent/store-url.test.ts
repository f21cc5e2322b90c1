import assert from "node:assert/strict";
import { test } from "node:test";
import { storePlaceOf, storeSchemeOf } from "./store-url.ts";

test("storePlaceOf() lists the servers, at the store's port unless another is said", () => {
	assert.deepEqual(storePlaceOf("etcd://10.0.0.5,etcd-2.example:12379,[fd00::1]:2379"), {
		scheme: "etcd",
		tls: false,
		urls: ["http://10.0.0.5:2379", "http://etcd-2.example:12379", "http://[fd00::1]:2379"],
		root: "weft/",
	});
});

for (const [url, scheme, tls, server, root] of [
	["etcds://a", "etcd", true, "https://a:2379", "weft/"],
	["consul://a", "consul", false, "http://a:8500", "weft/"],
	["consuls://a/", "consul", true, "https://a:8501", "weft/"],
	["consul://a:1/my/root", "consul", false, "http://a:1", "my/root/"],
	["etcd:a/my.root/", "etcd", false, "http://a:2379", "my.root/"],
] as const)
	test(`storePlaceOf() reads ${url}`, () => {
		assert.deepEqual(storePlaceOf(url), { scheme, tls, urls: [server], root });
	});

for (const url of [
	"etcd://",
	"etcd://a,,b",
	"etcd://a b",
	"consul://user@a",
	"etcd://a/p q",
	"etcd://a/b//c",
	"weft://a:1",
])
	test(`storePlaceOf() refuses ${url}`, () => {
		assert.throws(() => storePlaceOf(url), { code: "ARGUMENT_INVALID" });
	});

test("storePlaceOf() repeats no password that stands in the URL", () => {
	assert.throws(
		() => storePlaceOf("etcd://user:secret@a"),
		({ message }: Error) => !message.includes("secret"),
	);
});

for (const url of ["", "redis://a", "/var/lib/x", "toString:"])
	test(`storeSchemeOf() refuses "${url}"`, () => {
		assert.throws(() => storeSchemeOf(url), { code: "ARGUMENT_INVALID" });
	});

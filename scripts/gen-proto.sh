#!/bin/sh
# Compiles the protocol of etcd (src/store/etcd/*.proto) to src/store/etcd/gen. Needs protoc (Debian's protobuf-compiler).
set -eu
cd "$(dirname "$0")/.."
protoc --plugin=node_modules/.bin/protoc-gen-es -I src/store/etcd \
	--es_out=src/store/etcd/gen --es_opt=target=js+dts,import_extension=js \
	kv.proto rpc.proto

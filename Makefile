# weft's front door. Each target does the set-up that it needs by itself: a machine with node, npm and make is enough.

ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x64,$(shell uname -m)))
PINNED := $(CURDIR)/node_modules/node-linux-$(ARCH)/bin
export PATH := $(PINNED):$(CURDIR)/node_modules/.bin:$(PATH)

# The kernel's tests share one machine, and some measure how fast it mends: they run one file at a time.
TEST_MINUTES ?= 24
UNIT_TESTS = $(shell find src test scripts -name '*.test.ts' ! -name '*.root.test.ts' ! -name '*.peer.test.ts' ! -name '*.e2e.test.ts' | sort)
KERNEL_TESTS = $(shell find src test \( -name '*.root.test.ts' -o -name '*.peer.test.ts' -o -name '*.e2e.test.ts' \) | sort)
NODE_TEST = timeout --kill-after=30 $(TEST_MINUTES)m node --test --test-reporter=spec

.DEFAULT_GOAL := help
.PHONY: help setup check types lint format layers unit test kernel-tests soak demo bench bench-dns bench-cli bench-scale bench-stores build clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing: npm packages, the pinned Node, Debian packages
	@scripts/setup.sh test

demo: ## the tutorial, shown step by step on two hosts of this machine (root)
	@scripts/setup.sh run
	@bin/weft demo $(DEMO_FLAGS)

check: ## types, lint, format, layers and the tests that need no root: seconds
	@scripts/setup.sh npm
	@$(MAKE) --no-print-directory types lint format unit

test: ## everything: check, then the tests against the real kernel, stores and programs (root)
	@scripts/setup.sh test
	@$(if $(CHECKED),true,$(MAKE) --no-print-directory check)
	@$(MAKE) --no-print-directory kernel-tests

soak: ## random changes, deaths and searches, each for SOAK_MINUTES (30); SOAK_SEED repeats one (root)
	@scripts/setup.sh test
	@SOAK_MINUTES=$${SOAK_MINUTES-30} node --test --test-concurrency=1 --test-reporter=spec $(wildcard test/soak/*.test.ts)

bench: ## measure against the bare underlay: table and SVG into docs/benchmarks (root)
	@scripts/setup.sh test
	@node test/bench/main.ts $(BENCH_FLAGS)

bench-dns: ## measure name answers beside dnsmasq (root)
	@scripts/setup.sh test
	@node test/bench/dns.ts

bench-scale: ## measure a host with 1,000 endpoints and 10,000 elsewhere: table and SVG into docs/benchmarks (root)
	@scripts/setup.sh test
	@node test/bench/scale/main.ts

bench-stores: ## measure each store on three hosts, and 500 agents on one etcd: table and SVG into docs/benchmarks (root)
	@scripts/setup.sh test
	@node test/bench/stores/main.ts

bench-cli: ## measure what each verb of the release takes, against a bare Node: table into docs/benchmarks (root)
	@scripts/setup.sh test
	@node test/bench/cli.ts

build: ## bundle the release into dist/
	@scripts/setup.sh npm
	@node scripts/build.ts

clean: ## remove what was built
	rm -rf dist coverage

types:
	tsc -p .

lint:
	oxlint --type-aware --deny-warnings

format:
	biome check --error-on-warnings

layers:
	node --test test/layers.test.ts

unit:
	$(NODE_TEST) --test-concurrency=2 --test-timeout=60000 $(UNIT_TESTS)

kernel-tests:
	$(NODE_TEST) --test-concurrency=1 --test-timeout=300000 $(KERNEL_TESTS)

#!/bin/sh
# Installs what is missing, and nothing else: `setup.sh npm` the packages of package-lock.json (the pinned Node among them),
# `setup.sh run` also the Debian packages that weft starts containers with, `setup.sh test` also those of the tests and benchmarks,
# and Consul, which Debian 12 does not have: built once from its module, into the user's cache, outside of any checkout.
# A second run finds everything there and takes a few milliseconds.
set -eu
cd "$(dirname "$0")/.."

run_packages="runc conmon busybox-static iproute2 iputils-ping util-linux"
test_packages="nftables iptables etcd-server etcd-client tcpdump iperf3 dnsutils dnsperf dnsmasq-base bsdutils zsh fish faketime"

# The last that can be built from the module alone.
consul_version=1.12.9

fail() {
	printf 'error: %s\n  fix:   %s\n' "$1" "$2" >&2
	exit 1
}

# npm removes node_modules first, so a stamp that is there and newer than the lockfile means: the last run went through.
install_npm() {
	stamp=node_modules/.weft-setup
	[ -e "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && return
	command -v npm >/dev/null || fail "Cannot install the npm packages: no npm on PATH" "apt-get install npm"
	echo "setup: installing npm packages" >&2
	npm ci --strict-allow-scripts --loglevel=error --no-audit --no-fund >&2
	touch "$stamp"
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Debian starts a service when it is installed. None is wanted here: policy-rc.d forbids it (invoke-rc.d(8)) for as long as the installation runs.
apt_install() {
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		trap 'exit 130' INT TERM
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	apt-get update -qq >&2
	# shellcheck disable=SC2086 # a list of words
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1 >&2
	# Enabled is not started, but would be at the next boot.
	case " $1 " in *" etcd-server "*) systemctl disable --quiet etcd 2>/dev/null || true ;; esac
}

install_debian() {
	missing=""
	command -v dpkg-query >/dev/null || fail "Cannot look for Debian packages: this machine has no dpkg" "install by hand what these hold, then run again: $1"
	for package in $1; do
		installed "$package" || missing="$missing $package"
	done
	[ -z "$missing" ] && return
	[ "$(id -u)" = 0 ] || fail "Cannot install$missing: not root" "sudo apt-get install --no-install-recommends$missing"
	echo "setup: installing Debian packages:$missing" >&2
	apt_install "$missing"
}

# Consul's go.mod replaces modules, which go install refuses: a module around it is built.
build_consul() {
	dir="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/weft-test/consul-$consul_version"
	[ -x "$dir/consul" ] && return
	command -v go >/dev/null || fail "Cannot build Consul $consul_version, which the tests of its store start: no go on PATH" "install Go 1.23 or later (https://go.dev/doc/install), or put a consul $consul_version at $dir/consul"
	echo "setup: building Consul $consul_version into $dir: a few minutes, once" >&2
	mkdir -p "$dir"
	work=$(mktemp -d "$dir/build.XXXXXX")
	printf 'module consulbuild\n\ngo 1.23.8\n\nrequire github.com/hashicorp/consul v%s\n' "$consul_version" >"$work/go.mod"
	printf '//go:build tools\n\npackage tools\n\nimport _ "github.com/hashicorp/consul"\n' >"$work/tools.go"
	if (cd "$work" && GOFLAGS=-mod=mod go build -o consul github.com/hashicorp/consul >build.log 2>&1); then
		mv "$work/consul" "$dir/consul"
		rm -r "$work"
	else
		tail -5 "$work/build.log" >&2
		rm -r "$work"
		fail "Cannot build Consul $consul_version" "check that go can download modules: go env GOPROXY"
	fi
}

need_root() {
	[ "$(id -u)" = 0 ] || fail "Cannot make network namespaces: not root" "run the same as root, or: sudo make $1"
}

case "${1:-}" in
npm) install_npm ;;
run)
	need_root demo
	install_npm
	install_debian "$run_packages"
	;;
test)
	need_root test
	install_npm
	install_debian "$run_packages $test_packages"
	build_consul
	;;
*) fail "Cannot set up \"${1:-}\": wanted npm, run or test" "scripts/setup.sh npm|run|test" ;;
esac

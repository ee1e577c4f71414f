#!/bin/sh
# packages.sh - have the packages that a purpose needs, and install only what is missing.
#
#     systemd/packages.sh [-n] run|test|lint
#
# Debian 12 and Raspberry Pi OS. A thing counts as there when it answers itself (a program on
# the PATH, a library that pkg-config knows), however it came onto the machine; apt-get is
# called only for the rest, and when nothing is missing no network is touched. -n prints the
# names of the missing packages and installs nothing.
set -eu

# purpose  how to see that it is there    package
wanted() {
	cat <<-'LIST'
	run   program gcc                gcc
	run   program make               make
	run   program pkg-config         pkg-config
	run   header  stdio.h            libc6-dev
	run   library jack               libjack-jackd2-dev
	run   library libwebsockets      libwebsockets-dev
	run   library sqlite3            libsqlite3-dev
	run   library uuid               uuid-dev
	run   library jansson            libjansson-dev
	run   library libqrencode        libqrencode-dev
	run   library libsystemd         libsystemd-dev
	run   library libcrypto          libssl-dev
	run   program jackd              jackd2
	run   program jack_lsp           jackd2
	run   program qrencode           qrencode
	run   program setpriv            util-linux
	run   node    18                 nodejs
	run   program npm                npm
	test  library check              check
	test  browser -                  chromium
	test  program ip                 iproute2
	test  program ps                 procps
	test  program objdump            binutils
	test  program sqlite3            sqlite3
	lint  program clang              clang
	lint  program clang-format       clang-format
	lint  program clang-tidy         clang-tidy
	lint  program cppcheck           cppcheck
	lint  program shellcheck         shellcheck
	LIST
}

# Each purpose needs what the ones before it need: "test" is "run" and more.
purposes() {
	case $1 in
	run) echo run ;;
	test) echo run test ;;
	lint) echo run test lint ;;
	*) return 1 ;;
	esac
}

have() { # have KIND NAME
	case $1 in
	program) command -v "$2" >/dev/null ;;
	library) pkg-config --exists "$2" 2>/dev/null ;;
	header) echo "#include <$2>" | gcc -E - >/dev/null 2>&1 ;;
	node) node -e "process.exit(parseInt(process.versions.node) < $2 ? 1 : 0)" 2>/dev/null ;;
	browser) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
	esac >/dev/null
}

missing() { # missing PURPOSE...
	wanted | while read -r purpose kind name package; do
		case " $* " in
		*" $purpose "*) have "$kind" "$name" </dev/null || echo "$package" ;;
		esac
	done | sort -u
}

# Our own privileges, or sudo's; which may ask for a password where there is a terminal.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

fail() {
	echo "packages.sh: $*" >&2
	exit 1
}

# The lists of a fresh image are old or absent; another apt may be at work just after boot.
refresh() {
	for attempt in 1 2 3 4 5 6; do
		as_root apt-get -q update && return
		echo "packages.sh: apt-get update failed (attempt $attempt), trying again" >&2
		sleep 5
	done
	return 1
}

install() { # install PACKAGE...
	command -v apt-get >/dev/null ||
		fail "no apt-get here; install by hand what these Debian packages hold: $*"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		fail "neither root nor sudo; as root: apt-get install $*"
	echo "installing: $*"
	refresh || fail "apt-get update failed; these are missing: $*"
	case " $* " in # jackd2 asks whether the group audio may have real-time priority: yes
	*" jackd2 "*)
		echo "jackd2 jackd/tweak_rt_limits boolean true" | as_root debconf-set-selections
		;;
	esac
	as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
		apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" ||
		fail "apt-get could not install: $*"
}

dry=
if [ "${1-}" = -n ]; then
	dry=yes
	shift
fi
# shellcheck disable=SC2046 # one word a purpose
set -- $(purposes "${1-}") || true
[ $# -gt 0 ] || { echo "usage: packages.sh [-n] run|test|lint" >&2; exit 2; }
# shellcheck disable=SC2046 # one word a package
set -- $(missing "$@")
if [ -n "$dry" ]; then
	[ $# = 0 ] || printf '%s\n' "$@"
elif [ $# -gt 0 ]; then
	install "$@"
fi

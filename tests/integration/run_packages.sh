#!/bin/bash
# sanitizers: no
#
# systemd/packages.sh decides right: what is there is left alone, what is missing is asked of
# apt-get once and without questions. The machine is a folder of programs that stand in for it.
# shellcheck disable=SC2016 # what the stand-ins expand, they expand themselves
set -eu
unset DEBIAN_FRONTEND

script=$(cd "$(dirname "$0")/../../systemd" && pwd)/packages.sh
machine=$(mktemp -d)
trap 'rm -rf "$machine"' EXIT
log=$machine/log

die() {
	echo "FAIL: $*" >&2
	cat "$log" >&2
	exit 1
}

put() { # put PROGRAM TEXT
	printf '#!/bin/sh\n%s\n' "$2" >"$machine/bin/$1"
	chmod +x "$machine/bin/$1"
}

# A machine on which everything is there, and that tells what apt-get was asked.
fresh_machine() {
	local program
	rm -rf "${machine:?}/bin"
	mkdir "$machine/bin"
	for program in sh cat sort env sleep; do ln -s "$(command -v $program)" "$machine/bin/"; done
	for program in gcc make pkg-config jackd jack_lsp qrencode setpriv node npm chromium ip ps objdump \
		sqlite3 clang clang-format clang-tidy cppcheck shellcheck; do put $program 'exit 0'; done
	put id 'echo 0'
	put debconf-set-selections 'cat >>"$LOG"'
	put apt-get 'echo "apt-get $DEBIAN_FRONTEND $*" >>"$LOG"'
	: >"$log"
}

packages() { LOG=$log PATH=$machine/bin "$script" "$@"; }

missing_is() { # missing_is PURPOSE NAMES
	local names
	names=$(packages -n "$1" | tr '\n' ' ')
	[ "$names" = "${2:+$2 }" ] || die "$1 misses '$names', not '$2'"
}

fresh_machine
for purpose in run test lint; do
	missing_is $purpose ""
	packages $purpose
done
[ ! -s "$log" ] || die "apt-get was called with nothing missing"

# Each purpose looks for its own things and for those of the ones before it.
rm "$machine/bin/shellcheck" "$machine/bin/chromium" "$machine/bin/qrencode"
missing_is run "qrencode"
missing_is test "chromium qrencode"
missing_is lint "chromium qrencode shellcheck"
put google-chrome 'exit 0'
missing_is test "qrencode"

fresh_machine
put pkg-config 'case $2 in sqlite3|jansson) exit 1 ;; esac'
missing_is run "libjansson-dev libsqlite3-dev"
put node 'exit 1' # too old
missing_is run "libjansson-dev libsqlite3-dev nodejs"

# Installing: the lists first, then all that is missing at once, without a question.
fresh_machine
rm "$machine/bin/jackd" "$machine/bin/qrencode"
packages run >/dev/null
grep -qx "apt-get  -q update" "$log" || die "no update"
grep -qx "jackd2 jackd/tweak_rt_limits boolean true" "$log" || die "jackd2 would ask"
grep -qE "^apt-get noninteractive .*-y .*--no-install-recommends .* install jackd2 qrencode$" "$log" ||
	die "not installed so"
[ "$(grep -c ^apt-get "$log")" = 2 ] || die "apt-get called too often"

# Not root: by sudo, and clear words without it.
fresh_machine
put id 'echo 1000'
put sudo 'echo "sudo $1" >>"$LOG"; exec "$@"'
rm "$machine/bin/qrencode"
packages run >/dev/null
grep -qx "sudo apt-get" "$log" || die "no sudo for update"
grep -qx "sudo env" "$log" || die "no sudo for install"
rm "$machine/bin/sudo"
! packages run >"$machine/out" 2>&1 || die "went on without rights"
grep -q "neither root nor sudo; as root: apt-get install qrencode" "$machine/out" || die "unclear words"
put id 'echo 0'
rm "$machine/bin/apt-get"
! packages run >"$machine/out" 2>&1 || die "went on without apt-get"
grep -q "no apt-get here.*qrencode" "$machine/out" || die "unclear words"

code=0
packages everything >/dev/null 2>&1 || code=$?
[ "$code" = 2 ] || die "a wrong purpose: exit code $code, not 2"
code=0
packages >/dev/null 2>&1 || code=$?
[ "$code" = 2 ] || die "no purpose: exit code $code, not 2"

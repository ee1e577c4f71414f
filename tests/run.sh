#!/bin/bash
# run.sh - run the tests and count them: what `make test`, asan, tsan and bench do when all is built.
#
#     [ONLY=regex] tests/run.sh BUILD KIND...
#
# A kind is a folder here: unit (Check programs in BUILD, and .mjs), rt, integration, browser, bench.
# Every .sh and .mjs in it is a test; what tests share stands in lib/, tools/ and faults/. Two unit
# tests run at a time, all others one by one, since they measure time. A file may say in its
# first 30 lines:
#     timeout: 900 s      it may take longer than the 300 s that all others get
#     sanitizers: no      make asan leaves it out
#     serial: yes         a unit test that measures time: alone, after the others
#
# Each test's output goes to BUILD/test-logs/; that of a failing one is shown. A test finds the
# programs by $BUILD, $CHROMIUM is the browser. What outlives its test is ended (known by a mark
# in its environment, so it is the test's own) and told. The last line is "N passed, N failed".
set -eu

cd "$(dirname "$0")/.."
[ $# -ge 2 ] || { echo "usage: tests/run.sh BUILD KIND..." >&2; exit 2; }
mkdir -p "$1"
BUILD=$(cd "$1" && pwd)
shift
logs=$BUILD/test-logs
mark=$$.$RANDOM
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
export BUILD CHROMIUM
export CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-5}

# ThreadSanitizer's map of the address space does not bear a kernel that randomises much of it.
prefix=()
if [ "${SANITIZER-}" = tsan ]; then prefix=(setarch "$(uname -m)" -R); fi

# ---- which -------------------------------------------------------------------

# A test's source says what its header says also for a program made of it.
says() { # says FILE PATTERN: the rest of the line that has it
	sed -n "1,30s/^.*$2 *//p" "$1" | head -n 1
}

chosen() { # chosen FILE
	[[ $1 =~ ${ONLY-} ]] || return 1
	[ -z "${SANITIZER-}" ] || [[ $1 != tests/unit/*.mjs && $(says "$1" sanitizers:) != no* ]]
}

tests_of() { # tests_of KIND
	local file
	for file in "tests/$1"/*.sh "tests/$1"/*.mjs "tests/$1"/test_*.c; do
		[ ! -f "$file" ] || ! chosen "$file" || echo "$file"
	done
}

# ---- one test ----------------------------------------------------------------

command_of() { # command_of FILE: in the array command
	local program=$BUILD/${1%.c}
	case $1 in
	*.c) command=("${prefix[@]}" "$program") ;;
	*.mjs) command=(node --test-reporter=tap "$1") ;;
	*) command=(bash "$1") ;;
	esac
}

# Sums up what the log tells: Check's totals, node's, or the exit code alone. In passed, failed.
count() { # count FILE LOG CODE
	case $1 in
	*.c) set -- "$@" "$(sed -nE 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+).*/\1 \2 \3/p' "$2" |
		awk '{ all += $1; bad += $2 + $3 } END { print all - bad, bad + 0 }')" ;;
	*.mjs) set -- "$@" "$(awk '/^# pass [0-9]+$/ { ok = $3 } /^# (fail|cancelled) [0-9]+$/ { bad[$2] = $3 }
		END { print ok + 0, bad["fail"] + bad["cancelled"] }' "$2")" ;;
	*) set -- "$@" "$(($3 == 0)) $(($3 != 0))" ;;
	esac
	read -r passed failed <<<"$4"
	# It ended badly, or without having tested anything, and did not say so itself.
	if [ "$failed" = 0 ] && { [ "$3" != 0 ] || [ "$passed" = 0 ]; }; then failed=1; fi
}

marked() { # marked REGEX: pids of what bears such a mark
	grep -lz "^TACTUS_TEST=$1$" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n'
}

# Ends what bears such a mark, and prints what it was.
sweep() { # sweep REGEX
	local pid signal
	for signal in TERM TERM TERM KILL; do
		for pid in $(marked "$1"); do
			echo "pid $pid: $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c1-120)"
			kill "-$signal" "$pid" 2>/dev/null || true
		done
		[ -z "$(marked "$1")" ] || sleep 1
	done | sort -u
}

# JACK has places for eight servers on a machine, and one that was killed keeps its own until a
# server of that name has come and gone.
free_places() {
	local socket name
	for socket in /dev/shm/jack_*_"$(id -u)"_0; do
		if [ -S "$socket" ] && ! grep -qF " $socket" /proc/net/unix; then
			name=${socket#/dev/shm/jack_} name=${name%_*_0}
			timeout 1 jackd -n "$name" -r -d dummy >/dev/null 2>&1 || true
		fi
	done
}

run_test() { # run_test FILE
	local name=${1#tests/} limit began=$SECONDS code=0 left passed failed command verdict
	local log=$logs/${name//\//-}.log
	limit=$(says "$1" timeout: | tr -dc 0-9)
	command_of "$1"
	rm -f "$log".report.*
	ASAN_OPTIONS=log_path=$log.report UBSAN_OPTIONS=print_stacktrace=1 \
		TSAN_OPTIONS=halt_on_error=1:log_path=$log.report \
		TACTUS_TEST=$mark.$name timeout -k 10 "${limit:-300}" "${command[@]}" \
		>"$log" 2>&1 </dev/null || code=$?
	left=$(sweep "$mark.$name")
	free_places
	count "$1" "$log" "$code"
	# A program under a sanitizer may have ended badly behind the test's back.
	if compgen -G "$log.report.*" >/dev/null; then
		cat "$log".report.* >>"$log"
		failed=$((failed + 1))
	fi
	verdict=ok
	if [ "$failed" != 0 ]; then verdict=FAIL; fi
	echo "$passed $failed" >>"$counts"
	printf '%-4s %s: %d passed, %d failed, %d s\n' \
		"$verdict" "$name" "$passed" "$failed" $((SECONDS - began))
	[ -z "$left" ] || echo "     left behind by $name: $left"
	if [ "$code" = 124 ] || [ "$code" = 137 ]; then echo "     $name: ended after ${limit:-300} s"; fi
	if [ "$verdict" = FAIL ]; then
		echo "---- $log (exit code $code)"
		tail -n 100 "$log"
		echo "----"
	fi
}

run_tests() { # run_tests FILE...
	local file
	for file; do run_test "$file"; done
}

# ---- all of them -------------------------------------------------------------

run_kind() { # run_kind KIND
	local files=() even=() odd=() alone=() file
	mapfile -t files < <(tests_of "$1")
	for file in "${files[@]}"; do
		if [ "$1" != unit ] || [[ $(says "$file" serial:) = yes* ]]; then
			alone+=("$file")
		elif [ ${#even[@]} -gt ${#odd[@]} ]; then
			odd+=("$file")
		else
			even+=("$file")
		fi
	done
	run_tests "${even[@]}" &
	run_tests "${odd[@]}" &
	wait
	run_tests "${alone[@]}" &
	wait
}

# A benchmark's tables are its result: shown as they come, nothing is counted.
run_bench() {
	local file command limit failed=0
	for file in $(tests_of bench); do
		limit=$(says "$file" timeout: | tr -dc 0-9)
		command_of "$file"
		echo "== ${file#tests/}"
		TACTUS_TEST=$mark.bench timeout -k 10 "${limit:-1800}" "${command[@]}" </dev/null || {
			echo "${file#tests/}: failed (exit code $?)"
			failed=1
		}
		sweep "$mark.bench"
	done
	return $failed
}

interrupted() {
	trap '' INT TERM HUP
	# shellcheck disable=SC2046 # one word a job
	kill -KILL $(jobs -p) 2>/dev/null || true
	sweep "$mark.*" >/dev/null
	echo "tests: interrupted" >&2
	exit 130
}
trap interrupted INT TERM HUP

mkdir -p "$logs"
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
for kind; do
	if [ "$kind" = bench ]; then
		run_bench &
		wait $!
		exit
	fi
	run_kind "$kind"
done
awk '{ passed += $1; failed += $2 }
	END { print passed + 0 " passed, " failed + 0 " failed"; exit failed != 0 || passed + 0 == 0 }' \
	"$counts"

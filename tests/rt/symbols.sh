#!/bin/bash
# The objects of the callback's call tree import an allow-list of symbols and nothing else: no
# allocation, no lock, no I/O can be called from them. Shown to catch a planted call of each.
#
# sanitizers: no
set -eu

cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
objects=()
for name in jack_client/{process,core,grid,fit,voice} schema/{beat,metre,clock,ring,tempo_record,status_record}; do
	objects+=("$BUILD/$name.o")
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -v '^#' tests/rt/allowed.txt | sort >"$work/allowed"

foreign() { # foreign OBJECT...: what they import and none of them defines, and is not allowed
	nm -u "$@" | awk '$1 == "U" { print $2 }' | sort -u >"$work/imported"
	nm --defined-only "$@" | awk 'NF == 3 { print $3 }' | sort -u >"$work/defined"
	comm -23 "$work/imported" "$work/defined" | comm -23 - "$work/allowed"
}

found=$(foreign "${objects[@]}")
if [ -n "$found" ]; then
	echo "not ok: the real-time objects import $(tr '\n' ' ' <<<"$found")"
	exit 1
fi
echo "ok: ${#objects[@]} objects import only $(comm -23 "$work/imported" "$work/defined" | tr '\n' ' ')"

for planted in 'malloc(1)' 'free(0)' 'write(2, "", 0)' 'pthread_mutex_lock(0)' 'printf("")' 'usleep(1)'; do
	name=${planted%%(*}
	printf '#include <pthread.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n%s\n' \
		"void planted(void); void planted(void) { (void)!$planted; }" |
		sed '/pthread\|printf\|free\|usleep/s/(void)!//' >"$work/planted.c"
	${CC:-cc} -w -O0 -fno-builtin -c -o "$work/planted.o" "$work/planted.c"
	if [ "$(foreign "${objects[@]}" "$work/planted.o")" != "$name" ]; then
		echo "not ok: a planted $name is not noticed"
		exit 1
	fi
	echo "ok: a planted $name is noticed"
done

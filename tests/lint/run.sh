#!/bin/bash
# run.sh - what `make lint` does when all tools are there: run each of them over all of the tree,
# and fail if one found something. WARN are the compiler's warnings.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=()

mapfile -t sources < <(ls schema/*.c jack_client/*.c daemon/*.c daemon/*/*.c tests/*/*.c 2>/dev/null)
mapfile -t headers < <(ls schema/*.h jack_client/*.h daemon/*.h daemon/*/*.h tests/*/*.h 2>/dev/null)
mapfile -t scripts < <(grep -lE '^#!/bin/(ba)?sh' .ci/* schema/* systemd/* web/*.sh tests/*.sh tests/*/*.sh 2>/dev/null)
mapfile -t pages < <(ls tests/*/*.mjs 2>/dev/null)
IFS=' ' read -r -a flags <<<"${WARN:--std=c11}"
flags+=(-D_GNU_SOURCE '-DTACTUS_VERSION="0"' '-DTACTUS_WEB_DIR="/"' -iquote schema -iquote tests)

check() { # check NAME COMMAND...
	echo "lint: $1"
	"${@:2}" || failed+=("$1")
}

# One file a run: given two, clang-tidy 14 takes the second one's va_lists for uninitialised.
tidy_one() { # tidy_one FILE FLAG...
	local own=() folder # the daemon and the click both have an options.h
	for folder in daemon daemon/*/; do own+=(-iquote "${folder%/}"); done
	case $1 in
	tests/tools/store_*) ;;
	jack_client/* | tests/tools/* | tests/unit/test_click_*) own=(-iquote jack_client) ;;
	esac
	clang-tidy --quiet "$1" -- "${@:2}" "${own[@]}" 2>/dev/null
}
export -f tidy_one

tidy() {
	# shellcheck disable=SC2016 # the inner shell expands it
	printf '%s\0' "${sources[@]}" |
		xargs -0 -P "$(nproc)" -I FILE bash -c 'tidy_one "$@"' - FILE "${flags[@]}"
}

cpp() {
	local defines=() flag
	for flag in "${flags[@]}"; do case $flag in -[DI]*) defines+=("$flag") ;; esac; done
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem --include=schema/text_of.h -j "$(nproc)" "${defines[@]}" "${sources[@]}"
}

syntax() {
	local file
	for file in "${pages[@]}"; do node --check "$file" || return 1; done
}

check tree tests/lint/tree.sh
check clang-format clang-format --dry-run -Werror "${sources[@]}" "${headers[@]}"
check shellcheck shellcheck "${scripts[@]}"
check tsc web/node_modules/.bin/tsc --noEmit -p web
check "node --check" syntax
check cppcheck cpp
check clang-tidy tidy

if [ ${#failed[@]} -gt 0 ]; then
	echo "lint: found by: ${failed[*]}"
	exit 1
fi
echo "lint: clean"

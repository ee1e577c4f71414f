#!/bin/bash
# tree.sh - the rules about the tree that no compiler knows: who may include what, how long a file
# may be, what stands at the top. Prints each breach; exit code 1 if there is one.
set -u
cd "$(dirname "$0")/../.." || exit 1
faults=0

# Files of ours: those git knows or would add; without git, all but what is made or fetched.
mapfile -t files < <({ git ls-files -co --exclude-standard 2>/dev/null ||
	find . -name .git -prune -o -name node_modules -prune -o -path ./build -prune -o \
		-path ./state -prune -o -type f -printf '%P\n'; } |
	while read -r file; do [ ! -f "$file" ] || echo "$file"; done)

like() { # like GLOB: our files whose path is like it
	local file
	# shellcheck disable=SC2053 # a pattern is meant
	for file in "${files[@]}"; do [[ $file != $1 ]] || echo "$file"; done
}

# Reads findings, one a line, and prints them under a heading.
report() { # report HEADING
	local lines
	lines=$(cat)
	[ -n "$lines" ] || return 0
	faults=1
	printf '%s\n%s\n' "tree: $1" "${lines//#/  }" | sed '2,$s/^/  /'
}

including() { # including HEADER EXCEPT: who includes it and is not like the regex
	like '*.[ch]' | xargs -r grep -nE "#include [<\"]$1" | grep -vE "^($2)" || true
}
report "sqlite3.h belongs to the store" < <(including 'sqlite3\.h' 'daemon/store/|tests/')
report "libwebsockets belongs to the server's edge" < <(including 'libwebsockets' 'daemon/server/|tests/')
report "JACK belongs to the click's edge" < <(including 'jack/' 'jack_client/jack_edge\.[ch]|tests/')

# Calls follow the path of a tempo: a folder includes itself, schema/, and what is told here.
may_include() { # may_include FOLDER: the folders whose headers it may include
	case $1 in
	daemon/store | jack_client) echo schema ;;
	daemon/server | daemon/import) echo daemon schema ;;
	daemon/commands) echo daemon daemon/store daemon/import schema ;;
	daemon*) echo daemon daemon/store daemon/server daemon/import daemon/commands daemon/archive schema ;;
	esac
}

sideways() {
	local file name line folder at found
	like '*.[ch]' | grep -E '^(schema|jack_client|daemon)/' | while read -r file; do
		folder=${file%/*}
		grep -n '^#include "' "$file" | while IFS=: read -r line name; do
			name=${name#*\"} name=${name%%\"*} found=
			for at in "$folder" $(may_include "$folder"); do [ ! -f "$at/$name" ] || found=yes; done
			[ -n "$found" ] || [ "$name" = tables_sql.h ] || echo "$file:$line: includes $name"
		done
	done
}
report "a folder includes what is not below it" < <(sideways)

# The page: views see what people do, that asks over the line, that knows beats; all know state and words.
may_import() { # may_import FOLDER: a regex of what its modules may import
	case $1 in
	beat) echo '\.\./(state|words)\.js' ;;
	box) echo '\.\./(state|words|refusals|beat/[a-z_]+)\.js' ;;
	desk) echo '\.\./(state|words|refusals|(beat|box)/[a-z_]+)\.js' ;;
	views) echo '\.\./(state|words|refusals|(beat|box|desk)/[a-z_]+)\.js' ;;
	esac
}

astray() {
	local folder
	for folder in beat box desk views; do
		like "web/$folder/*.js" | xargs -r grep -HnE '^(import .*|[^*]*\}) from "' |
			grep -vE "from \"(\./[a-z_]+\.js|preact|htm|$(may_import "$folder"))\"" || true
	done
}
report "a module of the page imports what is not below it" < <(astray)

long_files() {
	local file
	for file in "${files[@]}"; do
		case $file in *package-lock.json | *.png | *.svg) continue ;; esac
		wc -l "$file"
	done | awk '$1 > 500 { print $2 ": " $1 " lines" }'
}
report "files of more than 500 lines" < <(long_files)

unfinished() {
	printf '%s\0' "${files[@]}" | xargs -0 grep -nIwE 'TO''DO|FIX''ME|X''XX' || true
}
report "unfinished business" < <(unfinished)

at_the_top() {
	printf '%s\n' "${files[@]%%/*}" | sort -u |
		grep -vxE 'Makefile|daemon|jack_client|web|schema|systemd|tests|README\.md|\..*' || true
}
report "not agreed at the top of the tree" < <(at_the_top)

report "package-lock.json names a registry; see .npmrc" < <(like '*package-lock.json' | xargs -r grep -n '"resolved"')

# For information: STYLE wants functions seldom over 60 lines.
like '*.c' | while read -r file; do
	awk -v file="$file" '/^[a-zA-Z_].*\(/ { head = $0 } /^\{/ { start = NR }
		/^\}/ && start { if (NR - start - 1 > 60) print "  " file ":" start ": " head; start = 0 }' "$file"
done | sed '1i tree: functions of more than 60 lines (for information)'

exit $faults

#!/bin/sh
# build.sh - put the page together: our files as they are, and the libraries beside them.
#
#     web/build.sh OUT
#
# No bundler: what the browser loads is what stands in this folder. The libraries come from
# node_modules into OUT/vendor as single ES modules; the one change made to them is that an
# import by name ("preact") becomes an import by path ("./preact.js"), which a browser can follow.
# OUT is replaced as a whole, so that a daemon serving it never serves half of two versions.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
new=$out.new.$$
trap 'rm -rf "$new"' EXIT

"$root/systemd/npm_ci.sh" "$root/web" run
cd "$root/web"

vendor() { # vendor NAME FILE
	sed -e 's,//# sourceMappingURL=.*,,' -e 's/from *"preact"/from"\.\/preact.js"/g' \
		"node_modules/$2" >"$new/vendor/$1.js"
}

mkdir -p "$new/vendor"
find . -name node_modules -prune -o -type f \
	\( -name '*.html' -o -name '*.js' -o -name '*.css' -o -name '*.svg' -o -name '*.png' \
	-o -name '*.ico' -o -name '*.webmanifest' \) -print | while read -r file; do
	mkdir -p "$new/${file%/*}"
	cp "$file" "$new/$file"
done
vendor preact preact/dist/preact.mjs
vendor hooks preact/hooks/dist/hooks.mjs
vendor htm htm/dist/htm.module.js
vendor signals-core @preact/signals-core/dist/signals-core.mjs
for library in preact htm @preact/signals-core; do
	cp "node_modules/$library/LICENSE" "$new/vendor/LICENSE.${library##*/}"
done

if diff -r "$new" "$out" >/dev/null 2>&1; then exit 0; fi
rm -rf "$out"
mv "$new" "$out"
echo "page: ${out#"$root"/}"

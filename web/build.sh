#!/bin/sh
# build.sh - put the page together: our files as they are, the libraries beside them.
#
#     web/build.sh DEST
#
# There is no bundler: what the browser loads is what stands here. A library is one module without
# imports of its own; it gets a plain name, since the page's policy forbids import maps, and loses
# the pointer to its source map, which the box does not serve.
set -eu

dest=$1
here=$(dirname "$0")
mods=$here/node_modules

[ -d "$mods/preact" ] || {
	echo "web/build.sh: no libraries in web/node_modules; fetch them with 'npm ci' in web/" >&2
	exit 1
}

rm -rf "$dest.new"
mkdir -p "$dest.new/lib"
for file in "$here"/*.js "$here"/*.css "$here"/*.html "$here"/*.svg "$here"/*.png "$here"/*.webmanifest; do
	[ -e "$file" ] && cp "$file" "$dest.new/"
done

library() {
	sed '/^\/\/# sourceMappingURL=/d' "$mods/$1" > "$dest.new/lib/$2"
}
library preact/dist/preact.mjs preact.js
library htm/dist/htm.module.js htm.js
library @preact/signals-core/dist/signals-core.module.js signals.js

rm -rf "$dest"
mv "$dest.new" "$dest"

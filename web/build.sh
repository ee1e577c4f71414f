#!/bin/sh
# build.sh - put the page together: our files as they are, the libraries beside them.
#
#     [JOIN=1] web/build.sh DEST
#
# There is no bundler: what the browser loads is what stands here, module by module and line by line.
# Only comments, blanks and the names of a module's own variables are squeezed out (squeeze/squeeze.mjs);
# the lines stay, so that numbers in error messages are the source's. With JOIN they become one module
# (squeeze/join.mjs): a third fewer bytes and a map to read it by. The styles become one file: base.css
# first, layout.css last.
# A library is one module without imports of its own; it gets a plain name, since the page's policy
# forbids import maps, and loses the pointer to its source map, which the box does not serve. Beside
# each text stands FILE.gz, which the box sends to whoever takes it. DEST is replaced as a whole, so
# that a daemon serving it never serves half of two versions.
set -eu

case $1 in /*) dest=$1 ;; *) dest=$PWD/$1 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
mods=$here/node_modules

"$here/../systemd/npm_ci.sh" "$here" run
"$here/../systemd/npm_ci.sh" "$here/squeeze"

rm -rf "$dest.new"
mkdir -p "$dest.new/lib"
cd "$here"
for file in *.js */*.js; do
	mkdir -p "$dest.new/${file%"${file##*/}"}"
	cp "$file" "$dest.new/$file"
done
styles() {
	cat styles/base.css
	for file in styles/*.css; do
		case $file in */base.css | */layout.css) ;; *) cat "$file" ;; esac
	done
	cat styles/layout.css
}
styles >"$dest.new/style.css"
if [ -n "${JOIN-}" ]; then
	(cd "$dest.new" && rm -r ./*.js ./*/)
	mkdir "$dest.new/lib"
	node squeeze/join.mjs "$here/app.js" "$dest.new/app.js"
	node squeeze/squeeze.mjs "$dest.new/style.css"
else
	(cd "$dest.new" && node "$here/squeeze/squeeze.mjs" ./*.js ./*/*.js style.css)
fi
for file in *.html *.svg *.png *.webmanifest *.mp4 *.webm; do
	[ ! -e "$file" ] || cp "$file" "$dest.new/"
done

library() { # library FILE NAME
	sed 's,//# sourceMappingURL=.*,,' "$mods/$1" >"$dest.new/lib/$2"
}
library preact/dist/preact.mjs preact.js
library htm/dist/htm.module.js htm.js
# A module names what it needs only when it has come: named in the page, they all come at once.
{
	sed '/<!-- modules -->/,$d' "$here/index.html"
	(cd "$dest.new" && printf '\t<link rel="modulepreload" href="/%s">\n' *.js */*.js)
	sed '1,/<!-- modules -->/d' "$here/index.html"
} | sed 's,^\t*,,' >"$dest.new/index.html"
for name in preact htm; do
	cp "$mods/$name/LICENSE" "$dest.new/lib/LICENSE.$name"
done
find "$dest.new" -name '*.png' -o -name 'awake.*' -o -name 'LICENSE*' -o -name '*.map' -o -type f -exec gzip -9 -n -k {} +

if diff -r "$dest.new" "$dest" >/dev/null 2>&1; then
	rm -rf "$dest.new"
else
	rm -rf "$dest"
	mv "$dest.new" "$dest"
fi

#!/bin/sh
# build.sh - put the page together: one module, one style sheet, and what stands beside them.
#
#     web/build.sh DEST
#
# The page is written as many small modules and served as one: what two modules have in common is packed
# once, and a phone asks for three files instead of seventy. app.js.map leads a browser's tools, and only
# they ask for it, back to each line of each module as it stands here. Beside each text stands FILE.gz,
# which the box sends to whoever takes it. DEST is replaced as a whole, so that a daemon serving it never
# serves half of two versions.
set -eu

case $1 in /*) dest=$1 ;; *) dest=$PWD/$1 ;; esac
here=$(cd "$(dirname "$0")" && pwd)

"$here/../systemd/npm_ci.sh" "$here" run

cd "$here"
rm -rf "$dest.new"
mkdir -p "$dest.new"
node_modules/.bin/esbuild app.js style.css --bundle --minify --sourcemap --format=esm --target=es2022 --legal-comments=none \
	--log-level=warning --outdir="$dest.new"
rm "$dest.new/style.css.map"
sed -i 's,^/\*# sourceMappingURL=.*,,' "$dest.new/style.css"
sed 's,^\t*,,' index.html >"$dest.new/index.html"
for file in *.svg *.png *.webmanifest *.mp4 *.webm; do
	cp "$file" "$dest.new/"
done
for name in preact htm; do
	cp "node_modules/$name/LICENSE" "$dest.new/LICENSE.$name"
done
cd "$dest.new"
gzip -9 -n -k ./*.js ./*.css ./*.html ./*.svg ./*.webmanifest ./*.map

if diff -r "$dest.new" "$dest" >/dev/null 2>&1; then
	rm -rf "$dest.new"
else
	rm -rf "$dest"
	mv "$dest.new" "$dest"
fi

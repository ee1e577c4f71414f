#!/bin/sh
# npm_ci.sh - have what a folder's package-lock.json names in its node_modules.
#
#     systemd/npm_ci.sh FOLDER [run]
#
# With "run" only what runs is fetched, not what checks it (devDependencies); a folder that has
# those keeps them. npm is called only when the lock is another than last time (by content: a
# fresh checkout has new dates and old contents), so what is installed works without a network.
set -eu

cd "$1"
all=node_modules/.lock-all
run=node_modules/.lock-run
cmp -s package-lock.json "$all" && exit 0
if [ "${2-}" = run ] && [ ! -e "$all" ]; then
	cmp -s package-lock.json "$run" && exit 0
	stamp=$run omit=--omit=dev
else
	stamp=$all omit=
fi
echo "npm ci in ${PWD##*/}"
# shellcheck disable=SC2086 # an empty $omit is no argument
npm ci $omit --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || {
	echo "npm_ci.sh: npm could not fetch the libraries of ${PWD##*/}/package-lock.json;" \
		"they are fetched once, and that needs a network" >&2
	exit 1
}
cp package-lock.json "$stamp"

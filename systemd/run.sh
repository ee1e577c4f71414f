#!/bin/bash
# run.sh - start the box and keep it up: what `make run` does once everything is built.
#
#     PORT=8080 JACK_SERVER=default STATE=state REGION=tactus [PIN=...] systemd/run.sh build
#
# It starts jackd (unless a server of that name runs: that one is used and left alone), tactusd
# and tactus-click, starts again what dies, and ends what it started, and only that, on SIGINT,
# SIGTERM and SIGHUP. Each program leads a session of its own, so that a Ctrl-C reaches this
# script alone and the programs end in order; should the script be killed, the kernel ends them
# (setpriv --pdeathsig). Each one's pid stands in STATE/<name>.pid.
#
# For tests: TACTUSD, TACTUS_CLICK, JACKD name other programs, JACK_ARGS another driver
# ("dummy -r 44100 -p 1024"), ASOUND another /proc/asound.
set -eu

build=$(cd "${1:?usage: run.sh BUILD}" && pwd)
: "${PORT:=8080}" "${JACK_SERVER:=default}" "${STATE:=state}" "${REGION:=tactus}"
: "${TACTUSD:=$build/tactusd}" "${TACTUS_CLICK:=$build/tactus-click}" "${JACKD:=jackd}"
: "${ASOUND:=/proc/asound}"
export JACK_NO_AUDIO_RESERVATION=1 JACK_NO_START_SERVER=1

readonly FIRST_DELAY_MS=100 LAST_DELAY_MS=2000 # between a death and the next start
readonly STEADY_MS=5000                        # what lived so long did not die "again"
readonly READY_MS=15000                        # for a program to answer at the start
readonly GRACE_MS=3000                         # between SIGTERM and SIGKILL
readonly ORPHAN_MS=1000                        # for a click to see that its server died

declare -A pid=() born=() delay=() due=()
own_jackd='' driver='' sound='' orphaned_ms='' asked_to_end=''

# ---- small things ------------------------------------------------------------

say() { echo "tactus: $*"; }

fail() {
	printf 'tactus: %s\n' "$@" >&2
	exit 1
}

# Milliseconds that no step of the wall clock moves, in now_ms.
look_at_clock() {
	local up
	read -r up _ <"/proc/uptime"
	now_ms=$((10#${up/./} * 10))
}

# Sleep without a process: wait for a pipe that nobody writes. Every wait of this script is this
# one, so here it also sees that it was asked to end. (A trap only takes note: bash 5.2 crashes
# when a trap exits out of `read`.)
exec {silence}<> <(:)
nap() {
	read -r -t "$1" -u "$silence" || true
	[ -z "$asked_to_end" ] || exit 0
}

alive() { [ -n "${pid[$1]-}" ] && kill -0 "${pid[$1]}" 2>/dev/null; }

all_alive() { # all_alive NAME...
	local name
	for name; do alive "$name" || return 1; done
}

# Should this script be killed, the kernel sends SIGNAL: tactusd can end in order, while jackd and
# a client that end at the same moment may wait for each other for good.
launch() { # launch NAME SIGNAL COMMAND...
	setsid setpriv --pdeathsig "$2" "${@:3}" &
	pid[$1]=$!
	born[$1]=$now_ms
	echo "$!" >"$STATE/$1.pid"
}

# Forget one that died; how it died, in words, in fate.
bury() { # bury NAME
	local code=0
	wait "${pid[$1]}" || code=$?
	pid[$1]=
	if [ "$code" -gt 128 ]; then fate="killed by signal $((code - 128))"; else fate="exit $code"; fi
}

# ---- what is needed before anything starts -----------------------------------

check_variables() {
	if ! [[ $PORT =~ ^[1-9][0-9]{0,4}$ ]] || [ "$PORT" -gt 65535 ]; then
		fail "PORT must be a number from 1 to 65535, not '$PORT'"
	fi
	[[ $JACK_SERVER =~ ^[A-Za-z0-9_.-]+$ ]] ||
		fail "JACK_SERVER must be letters, digits, '_', '.' and '-', not '$JACK_SERVER'"
	[[ ${PIN-} =~ ^([0-9]{6,12})?$ ]] || fail "PIN must be 6 to 12 digits, or empty to ask for none"
}

check_built() {
	command -v "$TACTUSD" >/dev/null || fail "no $TACTUSD: run make first"
	command -v "$TACTUS_CLICK" >/dev/null || fail "no $TACTUS_CLICK: run make first"
	[ -f "$build/web/index.html" ] || fail "no page in $build/web: run make first"
}

check_state() {
	if ! mkdir -p "$STATE" 2>/dev/null || [ ! -w "$STATE" ]; then
		fail "cannot write to $STATE; name another folder: make run STATE=..."
	fi
	STATE=$(cd "$STATE" && pwd)
}

# A PIN that is given goes by its file, as one that was made does: arguments can be seen by all.
keep_pin() {
	local kept=''
	[ -n "${PIN-}" ] || return 0
	[ ! -f "$STATE/pin" ] || kept=$(<"$STATE/pin")
	[ "$kept" != "$PIN" ] || return 0
	rm -f "$STATE/pin.new"
	if ! (umask 077 && echo "$PIN" >"$STATE/pin.new" && mv -f "$STATE/pin.new" "$STATE/pin"); then
		fail "cannot write the PIN to $STATE/pin"
	fi
}

check_port() {
	(exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null || return 0
	fail "port $PORT is in use by another program; choose another: make run PORT=$((PORT + 1))"
}

# ---- JACK --------------------------------------------------------------------

jack_answers() { timeout 2 jack_lsp -s "$JACK_SERVER" >/dev/null 2>&1; }

# Names of the cards that can play: what was plugged in, then the headphone jack, then HDMI.
cards() {
	local id
	sed -n 's/^ *[0-9][0-9]* \[\([^] ]*\) *\]:.*/\1/p' "$ASOUND/cards" 2>/dev/null |
		while read -r id; do
			compgen -G "$ASOUND/$id/pcm*p" >/dev/null || continue
			case $id in
			*[Hh][Dd][Mm][Ii]*) echo "3 $id" ;;
			Headphones) echo "2 $id" ;;
			*) echo "1 $id" ;;
			esac
		done | sort -s -n -k1,1 | cut -d' ' -f2
}

launch_jackd() {
	local scheduling=(-r)
	chrt -f 70 true 2>/dev/null && scheduling=(-R -P 70)
	# shellcheck disable=SC2086 # the driver's options are words
	launch jackd KILL "$JACKD" -n "$JACK_SERVER" "${scheduling[@]}" --port-max 128 -d $driver \
		>>"$STATE/jackd.log" 2>&1
}

# 0 when the server answers, 1 when it died or did not answer in time (it is gone then).
try_driver() {
	driver=$1 sound=$2
	launch_jackd
	local until_ms=$((now_ms + READY_MS))
	while alive jackd && [ "$now_ms" -lt "$until_ms" ]; do
		if jack_answers; then return 0; fi
		nap 0.1
		look_at_clock
	done
	end_all jackd
	return 1
}

start_jack() {
	local card
	: >"$STATE/jackd.log"
	if jack_answers; then
		sound="JACK server '$JACK_SERVER', which was running already"
		return 0
	fi
	own_jackd=yes
	if [ -n "${JACK_ARGS-}" ]; then
		try_driver "$JACK_ARGS" "jackd -d $JACK_ARGS" && return 0
	else
		for card in $(cards); do
			try_driver "alsa -P hw:$card -r 48000 -p 256 -n 3" "card $card" && return 0
			say "sound card $card cannot be opened (see $STATE/jackd.log)"
		done
		try_driver "dummy -r 48000 -p 256" \
			"none: no sound card; the click plays into JACK's dummy driver" && return 0
	fi
	tail -n 15 "$STATE/jackd.log" >&2
	fail "JACK cannot start; what it said stands above and in $STATE/jackd.log"
}

# ---- our programs ------------------------------------------------------------

# Without a PIN option tactusd takes the one in $STATE/pin, and makes it at its first start.
launch_daemon() {
	local no_pin=()
	[ -n "${PIN-kept}" ] || no_pin=(--pin "")
	launch tactusd TERM "$TACTUSD" --port "$PORT" --state "$STATE" --region "$REGION" \
		--web "$build/web" "${no_pin[@]}"
}

launch_click() {
	launch tactus-click KILL "$TACTUS_CLICK" --server "$JACK_SERVER" --region "$REGION"
}

daemon_answers() (
	exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 1
	printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
	read -r -t 1 -u 3 line && [[ $line == *" 200"* ]]
)

start_daemon() {
	launch_daemon
	local until_ms=$((now_ms + READY_MS))
	until daemon_answers; do
		alive tactusd || fail "tactusd could not start; what it said stands above"
		[ "$now_ms" -lt "$until_ms" ] || fail "tactusd does not answer on port $PORT"
		nap 0.05
		look_at_clock
	done
}

# It has nobody to answer to: living on for half a second is its answer.
start_click() {
	launch_click
	local until_ms=$((now_ms + 500))
	while [ "$now_ms" -lt "$until_ms" ]; do
		alive tactus-click || fail "tactus-click could not start; what it said stands above"
		nap 0.1
		look_at_clock
	done
}

# ---- keeping it up -----------------------------------------------------------

# Wait longer before each start of what dies at once, up to LAST_DELAY_MS.
mourn() { # mourn NAME
	local name=$1
	bury "$name"
	if [ $((now_ms - born[$name])) -ge $STEADY_MS ]; then delay[$name]=0; fi
	delay[$name]=$((delay[$name] * 2))
	[ "${delay[$name]}" -ge $FIRST_DELAY_MS ] || delay[$name]=$FIRST_DELAY_MS
	[ "${delay[$name]}" -le $LAST_DELAY_MS ] || delay[$name]=$LAST_DELAY_MS
	due[$name]=$((now_ms + delay[$name]))
	say "$name ended ($fate), starting it again"
}

# True if NAME is to be started now.
wanting() { # wanting NAME
	alive "$1" && return 1
	[ -z "${pid[$1]-}" ] || mourn "$1"
	[ "$now_ms" -ge "${due[$1]}" ]
}

keep_jackd() {
	[ -n "$own_jackd" ] || return 0
	# A click whose server died ends by itself; one that hangs in libjack is helped.
	if ! alive jackd && [ -n "${pid[jackd]}" ]; then orphaned_ms=$((now_ms + ORPHAN_MS)); fi
	if wanting jackd; then launch_jackd; fi
}

keep_click() {
	if [ -n "$orphaned_ms" ] && [ "$now_ms" -ge "$orphaned_ms" ]; then
		if alive tactus-click && [ "${born[tactus-click]}" -lt $((orphaned_ms - ORPHAN_MS)) ]; then
			kill -KILL "${pid[tactus-click]}" || true
		fi
		orphaned_ms=
	fi
	if wanting tactus-click; then
		if jack_answers; then launch_click; else due[tactus-click]=$((now_ms + 200)); fi
	fi
}

# Ten looks a second cost next to nothing: while all live, each is a few kill -0 and no process.
keep_up() {
	local names=(tactusd tactus-click)
	[ -z "$own_jackd" ] || names+=(jackd)
	while :; do
		nap 0.1
		if [ -z "$orphaned_ms" ] && all_alive "${names[@]}"; then continue; fi
		look_at_clock
		keep_jackd
		keep_click
		if wanting tactusd; then launch_daemon; fi
	done
}

# ---- the end -----------------------------------------------------------------

any_alive() {
	local name
	for name; do alive "$name" && return 0; done
	return 1
}

signal_all() { # signal_all SIGNAL NAME...
	local name
	for name in "${@:2}"; do
		! alive "$name" || kill "-$1" "${pid[$name]}" 2>/dev/null || true
	done
}

# End these, the patient way first, and be sure that they are gone.
end_all() { # end_all NAME...
	local name
	look_at_clock
	local until_ms=$((now_ms + GRACE_MS))
	signal_all TERM "$@"
	while any_alive "$@" && [ "$now_ms" -lt "$until_ms" ]; do
		nap 0.05
		look_at_clock
	done
	signal_all KILL "$@"
	for name; do
		[ -z "${pid[$name]-}" ] || bury "$name"
		rm -f "$STATE/$name.pid"
	done
}

finish() {
	local status=$?
	trap '' INT TERM HUP
	asked_to_end=
	set +e
	say "stopping" 2>/dev/null
	end_all tactus-click tactusd
	end_all jackd
	exit "$status"
}

# ---- what is printed ---------------------------------------------------------

# The address by which phones reach this box; without a network, the box itself.
lan_address() {
	local address
	address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
	[ -n "$address" ] ||
		address=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m 1 -E '^[0-9]+\.' || true)
	echo "${address:-localhost}"
}

announce() {
	local url local_url
	url="http://$(lan_address):$PORT/"
	local_url="http://localhost:$PORT/"
	echo
	qrencode -t UTF8 -m 2 "$url" || true
	echo
	echo "  Tactus is up. On phones:  $url"
	[ "$url" = "$local_url" ] || echo "  On this machine:          $local_url"
	if [ -n "${PIN-kept}" ]; then
		echo "  PIN to open a session:    $(<"$STATE/pin")"
	else
		echo "  No PIN is asked."
	fi
	echo "  Sound:                    $sound"
	echo "  Ctrl-C stops everything."
	echo
}

for name in jackd tactusd tactus-click; do
	pid[$name]='' born[$name]=0 delay[$name]=0 due[$name]=0
done
look_at_clock
check_variables
check_built
check_state
check_port
keep_pin
trap finish EXIT
trap 'asked_to_end=yes' INT TERM HUP
start_daemon
start_jack
start_click
announce
keep_up

# What the field suites share; sourced with the folder of the programs in $1. Work is done in $work, which goes at
# the end with every process whose id is in pids.
set -uo pipefail
bin=$(realpath "${1:?build folder}")
work=$(mktemp -d)
failed=0
pids=()
unset DBUS_SESSION_BUS_ADDRESS # keys stay in the folders, which go at the end

over() {
	local p
	for p in "${pids[@]:-}"; do [ -n "$p" ] && kill "$p" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$work"
}
trap over EXIT

ok() { printf 'ok    %s\n' "$1"; }
fail() { printf 'FAIL  %s\n' "$1"; failed=1; }
now() { date +%s%N; }
since() { echo $((($(now) - $1) / 1000000)); } # milliseconds
b() { "$bin/buron" --data "$work/$1" "${@:2}"; }
central() { "$bin/buron-central" --data "$work/c" "$@"; }

# says PATTERN COMMAND… reports whether the command prints it; a pipe would end the command before its time.
says() {
	local out
	out=$("${@:2}" 2>&1)
	grep -qE -- "$1" <<<"$out"
}

# until_ WHAT COMMAND… waits for a condition, 20 s at most.
until_() {
	local what=$1 _
	shift
	for _ in $(seq 200); do
		"$@" && return
		sleep 0.1
	done
	fail "never: $what"
	return 1
}

# serve ADDRESS makes a territory and its central, and waits until it listens.
serve() {
	url=https://$1
	central init --territory Cantal 2>/dev/null
	"$bin/buron-central" --data "$work/c" serve --quiet --listen "$1" 2>"$work/c.log" &
	pids+=($!)
	central_pid=$!
	until_ "the central listens" grep -q écoute "$work/c.log"
}

# enrol NAME ROLE [PLACE…] makes a device join through the central.
enrol() {
	local name=$1 role=$2 place places=()
	shift 2
	for place in "$@"; do places+=(--place "$place"); done
	b "$name" join --device "$name" --central "$url" "$(central invite --role "$role" ${places[@]+"${places[@]}"} 2>/dev/null)" 2>/dev/null || fail "join of $name"
}

# digest NAME prints the state of each scope that a device holds, once every signature was checked.
digest() { b "$1" doctor 2>/dev/null; }

#!/usr/bin/env bash
# Crash points: each command is killed as it makes its Nth system call that changes a file (strace injects the
# signal), for growing N until it comes through. After each death the folder must verify, what was said to be
# recorded must be there, and the same command must succeed.
#   crash.sh BUILD-FOLDER [POINTS]   at most so many deaths a command (10)
points=${2:-10}
. "$(dirname "$0")/kit.sh"

writes=pwrite64,write,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate

# killed N ARGUMENT… runs buron on $work/now: it dies at its Nth writing call; its output is in $work/said.
killed() {
	local n=$1
	shift
	strace -f -qq -o /dev/null -e "trace=$writes" -e "inject=$writes:signal=KILL:when=$n" "$bin/buron" --data "$work/now" "$@" >"$work/said" 2>"$work/err"
}

# points_of NAME PREPARE COMMAND CHECK: PREPARE fills $work/now, COMMAND is killed there, CHECK says what is wrong.
points_of() {
	local name=$1 prepare=$2 command=$3 check=$4 n=1 deaths=0 calm=0 wrong
	while [ "$deaths" -lt "$points" ] && [ "$calm" -lt 2 ]; do
		rm -rf "$work/now"
		$prepare
		if $command "$n"; then calm=$((calm + 1)); else calm=0 deaths=$((deaths + 1)); fi
		if ! wrong=$($check 2>&1); then
			fail "$name, killed at call $n: $wrong"
			return
		fi
		n=$((n + 1 + n / 3))
	done
	ok "$name: killed at $deaths calls up to the ${n}th, nothing lost, done again each time"
}

verifies() { b now doctor >/dev/null 2>"$work/why" || { echo "does not verify: $(tail -n 1 "$work/why")"; return 1; }; }
holds() { b now show "$1" >/dev/null 2>&1 || { echo "$1 was said to be recorded and is lost"; return 1; }; }
count() { b now list equipment | wc -l; }

fresh() { cp -r "$work/made" "$work/now"; }
empty() { :; }

add() { killed "$1" add equipment level=socle tag=CRASH; }
added() {
	verifies || return
	local id
	id=$(grep -E '^[0-9a-f-]{36}$' "$work/said")
	if [ -n "$id" ]; then holds "$id" || return; fi
	b now add equipment level=socle tag=APRES >/dev/null
}

import() { killed "$1" import "$work/files"; }
imported() {
	verifies || return
	b now import "$work/files" >/dev/null 2>&1
	[ "$(count)" -eq 201 ] || { echo "$(count) of 201 devices after the import was done again"; return 1; }
}

orphan() { fresh; rm "$work/now/device.key" "$work/now/device.start"; }
goes_on() { killed "$1" status; }
went_on() {
	verifies || return
	holds "$first"
}

restore() { killed "$1" restore "$work/backup" --passphrase-file "$work/phrase"; }
restored() {
	if ! b now show "$first" >/dev/null 2>&1; then
		rm -rf "$work/now"
		b now restore "$work/backup" --passphrase-file "$work/phrase" >/dev/null 2>"$work/why" || { tail -n 1 "$work/why"; return 1; }
	fi
	verifies && holds "$first"
}

backup() { killed "$1" backup "$work/now/out" --passphrase-file "$work/phrase"; }
backed_up() {
	verifies || return
	if [ -e "$work/now/out" ]; then
		rm -rf "$work/back"
		b back restore "$work/now/out" --passphrase-file "$work/phrase" >/dev/null 2>&1 || { echo "a backup that bears its name is not whole"; return 1; }
	fi
}

found() { killed "$1" init --territory Cantal --device poste; }
founded() {
	if ! b now status >/dev/null 2>&1; then
		b now init --territory Cantal --device poste >/dev/null 2>"$work/why" || { tail -n 1 "$work/why"; return 1; }
	fi
	b now add equipment level=socle tag=APRES >/dev/null
}

command -v strace >/dev/null || { fail "strace is not installed"; exit 1; }
mkdir "$work/files"
for i in $(seq 200); do
	printf '{"deviceid":"d%d","content":{"bios":{"ssn":"EXC%06d"},"hardware":{"name":"poste-%d","chassis_type":"Desktop"}}}' "$i" "$i" "$i" >"$work/files/$i.json"
done
b made init --territory Cantal --device poste 2>/dev/null
first=$(b made add equipment level=socle tag=PREMIER 2>/dev/null)
echo "une phrase pour la sauvegarde" >"$work/phrase"
b made backup "$work/backup" --passphrase-file "$work/phrase" 2>/dev/null

points_of "recording" fresh add added
points_of "an import" fresh import imported
points_of "a lost key" orphan goes_on went_on
points_of "a backup" fresh backup backed_up
points_of "a restore" empty restore restored
points_of "a founding" empty found founded
exit $failed

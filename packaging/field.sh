#!/usr/bin/env bash
# The suites that need real programs, and some of them root: durability under strace, kills at random
# moments and at chosen system calls, two hosts in network namespaces, a class on two kiosks, copied and lost devices, a
# bad line, two weeks of a département. Each prints « ok » or « FAIL » with figures; the exit status says
# whether all held.
. "$(dirname "$0")/kit.sh"
trap 'ip netns del buron-a 2>/dev/null; ip netns del buron-b 2>/dev/null; over' EXIT

# territory NAME makes a central and two agents in $work/NAME, all joined.
territory() {
	local d=$work/$1 port=$2 n
	mkdir -p "$d"
	"$bin/buron-central" --data "$d/c" init --territory Cantal 2>/dev/null
	"$bin/buron-central" --data "$d/c" serve --quiet --listen "127.0.0.1:$port" 2>"$d/c.log" &
	central=$!
	pids+=("$central")
	for _ in $(seq 100); do grep -q écoute "$d/c.log" && break; sleep 0.1; done
	for n in a b; do
		"$bin/buron" --data "$d/$n" join --device "$n" --central "https://127.0.0.1:$port" \
			"$("$bin/buron-central" --data "$d/c" invite --role coordination 2>/dev/null)" 2>/dev/null || fail "join of $n"
	done
	# So that each has heard of the other before the line is cut.
	"$bin/buron" --data "$d/a" sync --once 2>/dev/null
	"$bin/buron" --data "$d/b" sync --once 2>/dev/null
}

ids() { "$bin/buron" --data "$1" list equipment | cut -d' ' -f1 | sort; }

durable() {
	command -v strace >/dev/null || { fail "strace is not installed"; return; }
	local d=$work/durable/a trace=$work/trace
	territory durable 18911
	strace -f -e trace=fdatasync,fsync,write,pwrite64 -o "$trace" "$bin/buron" --data "$d" add equipment level=socle tag=STRACE >"$work/id" 2>/dev/null
	local said_at synced wrote
	said_at=$(grep -n 'write(1,' "$trace" | head -n 1 | cut -d: -f1)
	synced=$(head -n "${said_at:-0}" "$trace" | grep -nE 'f(data)?sync\(.*= 0' | tail -n 1 | cut -d: -f1)
	wrote=$(head -n "${said_at:-0}" "$trace" | grep -n 'pwrite64(' | tail -n 1 | cut -d: -f1)
	if [ -n "$said_at" ] && [ -n "$synced" ] && [ -n "$wrote" ] && [ "$wrote" -lt "$synced" ]; then
		ok "the last write before the confirmation (line $wrote of the trace) is synced (line $synced) before it is said (line $said_at)"
	else
		fail "written at line ${wrote:-none}, synced at ${synced:-none}, confirmed at ${said_at:-none}"
	fi
}

# killed: a writes without end and is killed with its exchanger and the central, a hundred times in all.
killed() {
	local rounds=${KILLS:-100} d=$work/kill confirmed=$work/confirmed n=0
	territory kill 18912
	: >"$confirmed"
	while [ "$n" -lt "$rounds" ]; do
		"$bin/buron" --data "$d/b" sync --alone --listen 127.0.0.1:18913 2>/dev/null &
		local exchanger=$!
		"$bin/buron" --data "$d/a" sync --alone --listen off --peer 127.0.0.1:18913 2>/dev/null &
		local other=$!
		(while "$bin/buron" --data "$d/a" add equipment level=socle tag="K$RANDOM" 2>/dev/null >>"$confirmed"; do :; done) &
		local writer=$!
		sleep "0.$((RANDOM % 25 + 10))"
		case $((n % 4)) in
		0) pkill -KILL -P "$writer"; kill -KILL "$writer" ;;
		1) kill -KILL "$exchanger" ;;
		2) kill -KILL "$other" ;;
		3)
			kill -KILL "$central"
			wait "$central" 2>/dev/null # its lock on the folder and its port end with it, not with the signal
			"$bin/buron-central" --data "$d/c" serve --quiet --listen 127.0.0.1:18912 2>"$d/c.log" &
			central=$!
			pids+=("$central")
			;;
		esac
		kill -KILL "$writer" "$exchanger" "$other" 2>/dev/null
		pkill -KILL -P "$writer" 2>/dev/null
		wait "$writer" "$exchanger" "$other" 2>/dev/null
		n=$((n + 1))
	done
	until_ "the central listens again" grep -q écoute "$d/c.log" || cat "$d/c.log"
	for who in a b a; do "$bin/buron" --data "$d/$who" sync --once 2>"$d/$who.log" || cat "$d/$who.log"; done
	ids "$d/a" >"$work/ids.a"
	ids "$d/b" >"$work/ids.b"
	local lost
	lost=$(grep -E '^[0-9a-f-]{36}$' "$confirmed" | sort | comm -23 - "$work/ids.a" | wc -l)
	if [ "$lost" -eq 0 ] && cmp -s "$work/ids.a" "$work/ids.b" && "$bin/buron" --data "$d/a" doctor >"$work/dig.a" 2>/dev/null &&
		"$bin/buron" --data "$d/b" doctor >"$work/dig.b" 2>/dev/null && diff <(grep parc "$work/dig.a") <(grep parc "$work/dig.b"); then
		ok "$rounds kills: $(wc -l <"$confirmed") confirmed, none lost, $(wc -l <"$work/ids.b") on both, digests equal"
	else
		fail "$rounds kills: $lost of $(wc -l <"$confirmed") lost; $(wc -l <"$work/ids.a") and $(wc -l <"$work/ids.b") records"
	fi
}

# namespaces: two hosts on one wire find each other by mDNS; then the wire is cut in an exchange.
namespaces() {
	if [ "$(id -u)" -ne 0 ] || ! ip netns add buron-a 2>/dev/null; then
		ok "network namespaces: left out, they need root"
		return
	fi
	local d=$work/net
	territory net 18914
	kill "$central" 2>/dev/null
	ip netns add buron-b
	ip link add va type veth peer name vb
	ip link set va netns buron-a
	ip link set vb netns buron-b
	local h n=1
	for h in a b; do
		ip netns exec "buron-$h" ip addr add "10.99.0.$n/24" dev "v$h"
		ip netns exec "buron-$h" ip link set "v$h" up
		ip netns exec "buron-$h" ip link set lo up
		ip netns exec "buron-$h" ip route add default dev "v$h"
		n=$((n + 1))
	done
	"$bin/buron" --data "$d/a" add equipment level=socle tag=AVANT >/dev/null 2>&1
	local begun
	begun=$(now)
	for h in a b; do
		ip netns exec "buron-$h" "$bin/buron" --data "$d/$h" sync 2>"$d/$h.log" &
		pids+=($!)
	done
	local found=no
	for _ in $(seq 100); do
		"$bin/buron" --data "$d/b" list equipment --where tag=AVANT --json 2>/dev/null | grep -q AVANT && { found=yes; break; }
		sleep 0.05
	done
	if [ $found = yes ]; then ok "two hosts found each other and exchanged $(since "$begun") ms after their start"; else fail "no discovery in 5 s"; fi
	sleep 1
	local id saved
	id=$("$bin/buron" --data "$d/b" add equipment level=socle tag=APRES 2>/dev/null)
	saved=$(now)
	found=no
	for _ in $(seq 40); do
		"$bin/buron" --data "$d/a" show "$id" >/dev/null 2>&1 && { found=yes; break; }
		sleep 0.05
	done
	if [ $found = yes ]; then ok "a new record was on the other host $(since "$saved") ms after it was saved"; else fail "no exchange in 2 s after a save"; fi
	cut_wire "$d"
}

cut_wire() {
	local d=$1 i
	ip netns exec buron-a ip link set va down
	"$bin/buron" --data "$d/b" import "$(inventories)" >/dev/null 2>&1
	for i in 1 2 3; do # up for an instant, in the middle of the exchange, and down again
		ip netns exec buron-a ip link set va up
		sleep 0.3
		ip netns exec buron-a ip link set va down
		sleep 0.2
	done
	ip netns exec buron-a ip link set va up
	for _ in $(seq 600); do
		cmp -s <(ids "$d/a") <(ids "$d/b") && break
		sleep 0.1
	done
	if cmp -s <(ids "$d/a") <(ids "$d/b") && [ "$(ids "$d/a" | wc -l)" -eq $((3000 + 2)) ]; then
		ok "a wire cut in an exchange lost and doubled nothing: $(ids "$d/a" | wc -l) on both"
	else
		fail "after the cut: $(ids "$d/a" | wc -l) and $(ids "$d/b" | wc -l) records, 3002 expected"
	fi
}

# inventories writes 3,000 inventories into a folder and names it.
inventories() {
	local dir=$work/inventories i
	mkdir -p "$dir"
	for i in $(seq 3000); do
		printf '{"deviceid":"d%d","content":{"bios":{"ssn":"EXW%06d"},"hardware":{"name":"poste-%d","chassis_type":"Desktop"}}}' "$i" "$i" "$i" >"$dir/$i.json"
	done
	echo "$dir"
}

# sticks: writing one is killed at random moments, reading one too; then one is plugged in beside a running
# device, brought to the central, and its receipts come back.
sticks() {
	if [ "$(id -u)" -ne 0 ]; then
		fail "sticks need root to be mounted"
		return
	fi
	local d=$work/usb key=/mnt/buron-$$ n
	territory usb 18915
	kill "$central" 2>/dev/null
	mkdir -p "$key" "$work/far"
	mount -t tmpfs -o size=16m tmpfs "$work/far"
	"$bin/buron" --data "$d/a" import "$(inventories)" >/dev/null 2>&1
	local whole=0
	for n in $(seq 30); do
		"$bin/buron" --data "$d/a" bundle write --all "$work/far" >/dev/null 2>&1 &
		sleep "0.0$((RANDOM % 10))"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
	done
	for n in "$work"/far/*.buron; do
		[ -e "$n" ] || continue
		whole=$((whole + 1))
		"$bin/buron" --data "$d/b" bundle read "$n" 2>&1 | grep -qE 'incomplet|abîmé' && fail "a file that bears its name is not whole: $n"
	done
	ok "30 writings were killed: $whole whole files, no half one"
	rm -f "$work"/far/*.buron
	local wrote
	wrote=$("$bin/buron" --data "$d/a" bundle write --all "$work/far" 2>/dev/null)
	for n in $(seq 10); do
		"$bin/buron-central" --data "$d/c" bundle read "$wrote" >/dev/null 2>&1 &
		sleep "0.0$((RANDOM % 10))"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
	done
	"$bin/buron-central" --data "$d/c" bundle read "$wrote" >/dev/null 2>&1
	if "$bin/buron-central" --data "$d/c" verify >/dev/null 2>&1 && cmp -s <(ids "$d/a") <(ids "$d/c"); then
		ok "10 readings were killed: the central verifies and holds all $(ids "$d/c" | wc -l) records"
	else
		fail "after killed readings the central holds $(ids "$d/c" | wc -l) records"
	fi
	"$bin/buron-central" --data "$d/c" bundle write "$work/far" >/dev/null 2>&1
	umount "$work/far"
	plug "$d" "$key"
	umount "$key" 2>/dev/null
	rmdir "$key"
}

# plug mounts a stick beside a running device, twice: with what a wrote, then with what the central answers.
plug() {
	local d=$1 key=$2 begun _
	"$bin/buron" --data "$d/b" sync --alone --listen off --central off --usb 2>/dev/null &
	local running=$!
	pids+=("$running")
	sleep 2
	begun=$(now)
	mount -t tmpfs -o size=16m tmpfs "$key"
	"$bin/buron" --data "$d/a" add equipment level=socle tag=CLE >/dev/null 2>&1
	"$bin/buron" --data "$d/a" bundle write "$key" >/dev/null 2>&1
	for _ in $(seq 100); do
		cmp -s <(ids "$d/a") <(ids "$d/b") && break
		sleep 0.1
	done
	if cmp -s <(ids "$d/a") <(ids "$d/b"); then
		ok "a stick was read $(since "$begun") ms after it was plugged in and written: $(ids "$d/b" | wc -l) records"
	else
		fail "the stick was not read: $(ids "$d/b" | wc -l) records of $(ids "$d/a" | wc -l)"
	fi
	"$bin/buron-central" --data "$d/c" bundle read "$key" >/dev/null 2>&1
	rm -f "$key"/*.buron
	"$bin/buron-central" --data "$d/c" bundle write --for a "$key" >/dev/null 2>&1
	local said
	said=$("$bin/buron" --data "$d/a" bundle read "$key" 2>&1)
	if grep -q 'par le central' <<<"$said" && "$bin/buron" --data "$d/a" status --json | grep -q '"pending": 0'; then
		ok "the receipts came back: $(sed $'s/.*\u00a0: //' <<<"$said")"
	else
		fail "no receipt: $said, $("$bin/buron" --data "$d/a" status --json | grep pending)"
	fi
	kill "$running" 2>/dev/null
	wait "$running" 2>/dev/null
}

durable
sticks 2>/dev/null
killed 2>/dev/null # the shell says « Killed » a hundred times
namespaces
"$(dirname "$0")/crash.sh" "$bin" 2>/dev/null || failed=1 # the shell says « Killed » at every death
# The long versions, by hand: packaging/line.sh build full (a quarter of an hour), build/field fortnight (20,000
# actions on 30 devices, some minutes).
for suite in class copies lost line; do
	"$(dirname "$0")/$suite.sh" "$bin" || failed=1
done
"$bin/field" fortnight -build "$bin" -each 3 -actions 2000 || fail "two weeks of a département"
exit $failed

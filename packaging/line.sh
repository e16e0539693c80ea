#!/usr/bin/env bash
# A new device gets its records and photos from the central over a bad line: a TCP relay that takes 100 ms each way (a
# round trip is 200 ms), carries 256 kbit/s each way and resets every connection every 30 s. Bytes are counted at the
# relay and compared with those of a line without faults. « line.sh BUILD full » does that with 10,000 records and 200
# photos, some fourteen minutes; without « full » a line ten times as fast, reset every 3 s, carries 2,000 records and 40
# photos. Prints « ok » or « FAIL » with figures.
. "$(dirname "$0")/kit.sh"
if [ "${2:-}" = full ]; then
	records=10000 photos=200 delay=100ms rate=32000 every=30s patience=3600
else
	records=2000 photos=40 delay=10ms rate=320000 every=3s patience=120
fi
part=262144     # bytes of a message with parts of photos: the most that a reset may cost
handshake=16384 # bytes of a new connection, and of what both ends hold being compared again

# relay NAME OPTIONS… starts a line to the central; its address is in $line, its process in $relay.
relay() {
	: >"$work/$1.relay"
	"$bin/field" relay -to 127.0.0.1:18971 "${@:2}" >"$work/$1.carried" 2>"$work/$1.relay" &
	relay=$!
	pids+=("$relay")
	until_ "the relay listens" grep -q '^relay:' "$work/$1.relay"
	line=$(sed 's/^relay: //' "$work/$1.relay")
}

carried() { grep -o "\"$2\":[0-9]*" "$work/$1.carried" | cut -d: -f2; }
held() { b "$1" list equipment 2>/dev/null | wc -l; }
whole() { find "$work/$1/blobs" -type f ! -name '*.*' 2>/dev/null | wc -l; } # a photo and its thumbnail are two

# over_line NAME OPTIONS… lets a device join over a line and exchange until all is there.
over_line() {
	local name=$1 begun seen=0 facts="" _
	relay "$@"
	begun=$(now)
	until_ "$name joins" b "$name" join --device "$name" --central "https://$line" "$(central invite --role coordination 2>/dev/null)" 2>/dev/null
	"$bin/buron" --data "$work/$name" sync --alone --listen off 2>"$work/$name.log" &
	local device=$!
	pids+=("$device")
	for _ in $(seq $((patience * 4))); do
		seen=$(whole "$name")
		if [ -z "$facts" ] && [ "$seen" -gt 0 ]; then
			facts=$(held "$name") # while the first photos are there
		fi
		[ "$seen" -ge $((2 * photos)) ] && break
		sleep 0.25
	done
	took=$(since "$begun")
	kill "$device"
	wait "$device" 2>/dev/null
	kill "$relay"
	wait "$relay" 2>/dev/null
	if [ "$(held "$name")" -eq "$records" ] && [ "$seen" -eq $((2 * photos)) ]; then
		ok "$name: $records records and $photos photos in $((took / 1000)) s, $(carried "$name" down) bytes down, $(carried "$name" up) up, $(carried "$name" connections) connections, $(carried "$name" cut) of them reset"
	else
		fail "$name: $(held "$name") records and $seen of $((2 * photos)) files after $((took / 1000)) s: $(tail -n 1 "$work/$name.log")"
	fi
	if [ "${facts:-0}" -eq "$records" ]; then ok "$name: all records were there when the first photo was"; else fail "$name: ${facts:-no} records when the first photo was there"; fi
}

serve 127.0.0.1:18971
mkdir "$work/files"
"$bin/field" draw -photos "$photos" -inventories "$records" "$work/files"
enrol author coordination
b author import "$work/files" >/dev/null 2>&1
shots=("$work"/files/photo-*.jpg)
i=0
for id in $(b author list equipment | cut -d' ' -f1 | head -n $((photos / 10))); do
	b author attach "$id" "${shots[@]:$i:10}" >/dev/null || fail "attach"
	i=$((i + 10))
done
b author sync --once 2>/dev/null
ok "$(held author) records, $photos photos of $(($(du -sb "$work/c/blobs" | cut -f1) / photos)) bytes with their thumbnails at the central"
over_line calm
over_line rough -delay "$delay" -rate "$rate" -every "$every"
extra=$(($(carried rough down) + $(carried rough up) - $(carried calm down) - $(carried calm up)))
cut=$(carried rough cut)
if [ "$cut" -gt 0 ] && [ "$extra" -le $((cut * (part + handshake))) ]; then
	ok "sent again: $extra bytes over $cut resets, $((extra / cut)) each; one message of parts is $part"
else
	fail "sent again: $extra bytes over $cut resets; at most $((cut * (part + handshake)))"
fi
b author sync --once 2>/dev/null # the devices that joined since are of the state too
b rough sync --once --central https://127.0.0.1:18971 2>/dev/null
if [ "$(digest author)" = "$(digest rough)" ]; then ok "the states are equal"; else fail "the states differ"; fi
exit $failed

#!/usr/bin/env bash
# A desktop's data folder is copied to another machine, once with the device's key and once without, while both go on
# working. The other machine is a mount namespace with another /etc/machine-id: root. Prints « ok » or « FAIL ».
. "$(dirname "$0")/kit.sh"

# there NAME ARGUMENTS… runs buron on the other machine.
machine=(unshare --mount sh -c 'mount --bind "$0" /etc/machine-id && exec "$@"' "$work/machine")
there() { "${machine[@]}" "$bin/buron" --data "$work/$1" "${@:2}"; }
told() { sed -n 's/^Copie  *//p'; }
tags() { sed 's/^[^ ]*  //' | tr -d ' ' | sort; } # of a list
note() { grep -E '^note ' | sed 's/^note  *Note  *//'; }

# work_on both devices for a while, each exchanging as it goes: $1 here, $2 there.
work_on() {
	local i running=()
	"$bin/buron" --data "$work/$1" sync --alone --listen off --every 1s 2>/dev/null &
	running+=($!)
	"${machine[@]}" "$bin/buron" --data "$work/$2" sync --alone --listen off --every 1s 2>/dev/null &
	running+=($!)
	for i in $(seq 15); do
		b "$1" add equipment level=socle tag="$1-$i" >>"$work/confirmed" 2>/dev/null
		there "$2" add equipment level=socle tag="$2-$i" >>"$work/confirmed" 2>/dev/null
	done
	kill "${running[@]}"
	wait "${running[@]}"
}

# copied WHO COPY HOW: the whole story of one copy.
copied() {
	local who=$1 copy=$2 how=$3 said
	: >"$work/confirmed"
	b "$who" add equipment level=socle tag="$who-note" note=ancienne >/dev/null 2>&1
	b "$who" add equipment level=socle tag="$who-deux" >/dev/null 2>&1
	b "$who" sync --once 2>/dev/null
	b "$who" set "$who-note" note=nouvelle >>"$work/confirmed" # not sent before the copy is made
	cp -a "$work/$who" "$work/$copy"
	[ "$how" = "without its key" ] && rm "$work/$copy/device.key"
	b "$who" set "$who-note" note=dernière >/dev/null # the copy does not know
	said=$(there "$copy" status | told)
	if [ -n "$said" ]; then ok "copied $how, the copy says: $said"; else fail "the copy $how says nothing"; fi
	there "$copy" set "$who-note" status="en panne" >/dev/null
	b "$who" set "$who-deux" note=ici >/dev/null
	there "$copy" set "$who-deux" note=là >/dev/null
	if [ "$how" = "without its key" ]; then
		said=$(there "$copy" sync --once 2>&1) && fail "an exchange that nobody admits ends well: $said"
		ok "uninvited, its exchange says: ${said%%$'\n'*}"
		there "$copy" join --central "$url" "$(central invite --role coordination 2>/dev/null)" 2>/dev/null || fail "it is not invited again"
	fi
	work_on "$who" "$copy"
	there "$copy" sync --once 2>/dev/null
	b "$who" sync --once 2>/dev/null
	there "$copy" sync --once 2>/dev/null
	same "$who" "$copy" "$how"
}

same() {
	local who=$1 copy=$2 how=$3 said lost
	said=$(b "$who" status | told)
	if [ -n "$said" ]; then ok "copied $how, the first one says: $said"; else fail "the first one says nothing of the copy $how"; fi
	lost=$(sort -u "$work/confirmed" | grep -vFf <(central_ids) | wc -l)
	if [ "$lost" -eq 0 ] && [ "$(digest "$who")" = "$(there "$copy" doctor 2>/dev/null)" ] && [ "$(b "$who" list equipment | tags | grep -cE "^($who|$copy)-")" -eq 32 ]; then
		ok "$(sort -u "$work/confirmed" | wc -l) confirmed writes and no other, digests equal"
	else
		fail "$lost writes of either lost; $(b "$who" list equipment | tags | grep -cE "^($who|$copy)-") records of 32"
	fi
	if [ "$(there "$copy" show "$who-note" | note)" = dernière ] && says 'En panne' b "$who" show "$who-note" && ! says 'ancienne|nouvelle' b "$who" conflicts; then
		ok "no value that was replaced has come back"
	else
		fail "the note is $(there "$copy" show "$who-note" | note)"
	fi
	if says ' ici ' b "$who" conflicts && says ' là ' b "$who" conflicts; then ok "of one field set on both, both values wait to be decided"; else fail "$(b "$who" conflicts)"; fi
	if [ "$(central devices | grep -cE "^$who( \(copie\))? ")" -eq 2 ]; then ok "on the roster: $(central devices | grep "^$who" | tr -s ' ' | paste -sd ';')"; else fail "$(central devices)"; fi
}

central_ids() { b n sync --once 2>/dev/null; b n list equipment | cut -d' ' -f1; }

if [ "$(id -u)" -ne 0 ]; then
	ok "copies on another machine: left out, they need root"
	exit 0
fi
echo "$(tr -d - </proc/sys/kernel/random/uuid)" >"$work/machine"
serve 127.0.0.1:18951
for n in a e n; do enrol $n coordination; done
copied a k "with its key"
copied e w "without its key"
exit $failed

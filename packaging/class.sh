#!/usr/bin/env bash
# A class of 25 signs the charter on two terminals, with the real programs on four hosts: a central, the
# host's desktop and two kiosks, each kiosk in a network namespace so that its wire can be cut. Fingers are
# played on virtual screens. Prints « ok » or « FAIL » with figures; what was seen is left in build/class/.
. "$(dirname "$0")/kit.sh"
out=$bin/class
net=buron-class
hosts="k1 k2"

wires_over() {
	over
	local n
	for n in $hosts; do ip netns del "$net-$n" 2>/dev/null; done
	ip link del "$net" 2>/dev/null
}
trap wires_over EXIT

# wires makes one switch with this host on it, and two hosts more.
wires() {
	local n i=2
	ip link add "$net" type bridge && ip addr add 10.97.0.1/24 dev "$net" && ip link set "$net" up || return 1
	for n in $hosts; do
		ip netns add "$net-$n" && ip link add "bc-$n" type veth peer name eth0 netns "$net-$n" || return 1
		ip link set "bc-$n" master "$net" up
		ip netns exec "$net-$n" ip addr add "10.97.0.$i/24" dev eth0
		ip netns exec "$net-$n" ip link set eth0 up
		ip netns exec "$net-$n" ip link set lo up
		i=$((i + 1))
	done
}

# screen WHO starts a virtual screen; display_WHO names it.
screen() {
	local fd=$work/display.$1 _
	Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$fd" >/dev/null 2>&1 &
	pids+=($!)
	for _ in $(seq 100); do [ -s "$fd" ] && break; sleep 0.05; done
	eval "display_$1=:$(cat "$fd")"
}

on() { local d=display_$1; DISPLAY=${!d} "${@:2}"; }
tap() { on "$1" xdotool mousemove "$2" "$3" sleep 0.05 click 1 sleep 0.15; }
picture() { on "$1" import -window root "$out/$2.png"; }

# seen WHO prints a sum of what stands under the bar at the top, where the hour changes by itself.
seen() { on "$1" import -window root -crop 1280x640+0+80 rgb:- | cksum; }
changed() { [ "$(seen "$1")" != "$2" ]; }

found() {
	mkdir -p "$out" "${XDG_CACHE_HOME:-$HOME/.cache}"
	central init --territory Cantal 2>/dev/null
	"$bin/buron-central" --data "$work/c" serve --quiet --listen 10.97.0.1:18941 2>"$work/c.log" &
	pids+=($!)
	until_ "the central listens" grep -q écoute "$work/c.log"
	local url=https://10.97.0.1:18941 who role
	for who in a:coordination h:host k1:kiosk k2:kiosk; do
		role=${who#*:}
		who=${who%:*}
		b "$who" join --device "$who" --central "$url" "$(central invite --role "$role" $([ "$role" = coordination ] || echo --place 0150001V) 2>/dev/null)" 2>/dev/null || fail "join of $who"
	done
	local charter
	b a add site type=collège uai=0150001V name="Collège d'exemple" commune=15001 >/dev/null
	charter=$(b a add charter version=2026-2027 text="Chacun respecte les autres et le matériel." simple_text="Je respecte les autres et le matériel." status="en vigueur")
	b a add charter_adoption site=0150001V charter="$charter" vote_date=2026-09-15 annexed=oui >/dev/null
	for who in a h k1 k2; do b $who sync --once 2>/dev/null; done
	local i=0 first
	echo "Nom;Prénom;Division" >"$work/5eB.csv"
	for first in Adèle Basile Chloé Driss Élise Fantin Gaëlle Hugo Inès Jules Kenza Léo Maëlys Noé Océane Paul Quitterie Raphaël Salomé Théo Ulysse Violette William Yanis Zoé; do
		i=$((i + 1))
		printf 'Exemplaire%02d;%s;5e B\n' "$i" "$first" >>"$work/5eB.csv"
	done
	b h import "$work/5eB.csv" --site 0150001V >/dev/null 2>&1
	[ "$(b h list class_member 2>/dev/null | wc -l)" -eq 25 ] || fail "the class list: $(b h list class_member | wc -l) pupils"
}

# kiosk WHO starts a kiosk as a command of its own, so that its number is that of the program.
kiosk() {
	local d=display_$1
	DISPLAY=${!d} ip netns exec "$net-$1" "$bin/buron-kiosk" --data "$work/$1" --alone --every 2s --listen ":1894${1#k}" --peer 10.97.0.2:18941 --peer 10.97.0.3:18942 >"$work/$1.log" 2>&1 &
	pids+=($!)
	eval "pid_$1=$!"
}

programs() {
	local who
	for who in $hosts; do
		screen "$who"
		kiosk "$who"
	done
	screen h
	# So that the desktop knows where the kiosks are: what mDNS does is proved elsewhere.
	until_ "the desktop meets both kiosks" meets
	DISPLAY=$display_h "$bin/buron" --data "$work/h" --alone --every 2s --window 1280x800 --page charte >"$work/h.log" 2>&1 &
	pid_h=$!
	pids+=("$pid_h")
	sleep 2
}

meets() { [ "$(b h sync --once --alone --listen off --peer 10.97.0.2:18941 --peer 10.97.0.3:18942 2>&1 | grep -c '^10.97.*reçues')" -eq 2 ]; }

lend() {
	local one two begun
	one=$(seen k1)
	two=$(seen k2)
	tap h 1150 90
	sleep 0.7
	tap h 400 215
	begun=$(now)
	until_ "the class is on the first kiosk" changed k1 "$one"
	until_ "the class is on the second" changed k2 "$two"
	ok "the class is on both kiosks $(since "$begun") ms after it was lent"
	sleep 0.5
	picture h accueil
	picture k1 classe
}

# name WHO N chooses a pupil of the list, numbered from 0, and says « Oui, c'est moi ».
name() {
	tap "$1" $((182 + $2 % 4 * 308)) $((189 + $2 / 4 * 78))
	tap "$1" 562 458
}

# go_on WHO waits for the host's word, reads, and comes to the place to sign.
go_on() {
	sleep 0.5
	tap "$1" 1170 680
}

draw() {
	on "$1" xdotool mousemove 500 400 mousedown 1 mousemove 560 330 sleep 0.05 mousemove 620 430 sleep 0.05 mousemove 700 350 sleep 0.05 mouseup 1 sleep 0.1
}

# write types a signature on the keyboard of the screen.
write() {
	tap "$1" 885 680
	tap "$1" 90 290
	tap "$1" 330 290
}

# pupil WHO N goes through all pages; every fifth types.
pupil() {
	name "$1" "$2"
	go_on "$1"
	if [ $(($2 % 5)) -eq 4 ]; then write "$1"; else draw "$1"; fi
	tap "$1" 1160 680
	sleep 0.6
	[ "$2" -eq 0 ] && picture "$1" merci
	tap "$1" 1170 680 # Terminé
}

acts() { b "$1" list acknowledgement --json 2>/dev/null | grep -c '"act": *"signature"'; }
members() { b "$1" list acknowledgement --json 2>/dev/null | grep -o '"member": *"[^"]*"' | sort -u | wc -l; }
count() { [ "$(acts "$1")" -eq "$2" ] && [ "$(members "$1")" -eq "$3" ]; }
tell() { echo "$(acts "$1") signatures of $(members "$1") pupils"; }

# refused HOW WAIT: two kiosks that see each other do not take the same pupil; a kiosk waits so many seconds
# for an answer.
refused() {
	name k1 0 # begins
	sleep "$2"
	name k2 0
	sleep "$2"
	picture k2 refus
	pupil k2 0     # would sign, if the page let through
	sleep "$2"
	tap k2 1180 40
	tap k1 1180 40 # Quitter: the name is free again
	sleep "$2"
	if count h 0 0 && count k1 0 0 && count k2 0 0; then ok "the same pupil on both kiosks, $1: the second is not let through"; else fail "$1, the second kiosk let the pupil sign: $(tell k2)"; fi
}

# alone: the desktop sleeps, and the kiosks see each other.
alone() {
	kill -STOP "$pid_h"
	refused "while the desktop sleeps" 2
	kill -CONT "$pid_h"
	sleep 2
}

half() {
	local i
	for i in $(seq "$2" 2 24); do pupil "$1" "$i"; done
}

# all25: one pupil signs cut off on both, the others share the kiosks.
all25() {
	ip netns exec "$net-k2" ip link set eth0 down
	sleep 4 # the desktop notices
	pupil k1 0
	pupil k2 0
	picture k2 coupée
	until_ "the first kiosk's signature is at the host" count h 1 1
	ip netns exec "$net-k2" ip link set eth0 up
	until_ "the second signature of the pupil arrives, counted once" count h 2 1 && ok "the same pupil on both kiosks, cut off: both signatures are kept, $(tell h)"
	sleep 2
	power 2>/dev/null # the shell says « Killed »
	local begun
	begun=$(now)
	half k1 1 &
	local first=$!
	half k2 2
	wait "$first"
	local took
	took=$(since "$begun")
	until_ "25 adhesions at the host" count h 26 25
	b a sync --once 2>/dev/null
	if count h 26 25 && count a 26 25; then ok "25 adhesions at the host and at the central: $(tell h); 24 pupils in $((took / 1000)) s, $((took / 12000)) s each on two kiosks"; else fail "$(tell h) at the host, $(tell a) by the central"; fi
}

# double shows on the desktop who signed twice.
double() {
	tap h 57 235 # Charte
	sleep 0.5
	picture h charte
	tap h 900 182
	sleep 0.5
	picture h double
}

# power: a kiosk that loses its power in the middle of a class holds no name, and is lent the class again.
power() {
	local n
	kill -KILL "$pid_k2"
	wait "$pid_k2"
	n=$(cut -d';' -f1,2 "$work/5eB.csv" | tail -n +2 | tr ';' '\n' | grep -rlaFf - "$work/k2" | wc -l)
	sleep 0.5
	local dark
	dark=$(seen k2)
	kiosk k2
	until_ "the kiosk is back" changed k2 "$dark"
	sleep 4
	picture k2 revenue
	if [ "$n" -eq 0 ]; then ok "after a power cut no name of the class is on the kiosk's disk"; else fail "$n files on the kiosk's disk hold names"; fi
}

# ended: once all have signed, each kiosk has forgotten the class by itself.
ended() {
	sleep 5
	picture k1 fin
	picture k2 fin-2
	picture h fin-accueil
}

if [ "$(id -u)" -ne 0 ] || ! wires 2>/dev/null; then
	ok "a class on two kiosks: left out, network namespaces need root"
	exit 0
fi
begun=$(now)
found
programs
lend
refused "with the host near" 0.7
alone
all25
ended
double
ok "the class took $(($(since "$begun") / 1000)) s in all; pictures in build/class/"
exit $failed

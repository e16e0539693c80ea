#!/usr/bin/env bash
# A story with the real programs: a central, two desktops and a kiosk; the links are cut, something is
# recorded on each, the links are mended, and all end equal. Everything said is reread with the command
# line. Pictures of the three windows, and of the page of exchanges, are left in build/demo/.
set -euo pipefail
bin=$(realpath "${1:?build folder}")
out=$bin/demo
work=$(mktemp -d)
begun=$(date +%s%N)
pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
rm -rf "$out"
mkdir -p "$out" "${XDG_CACHE_HOME:-$HOME/.cache}"

tell() { printf '%5d ms  %s\n' $((($(date +%s%N) - begun) / 1000000)) "$*"; }
die() { tell "FAIL: $*"; exit 1; }
b() { "$bin/buron" --data "$work/$1" "${@:2}"; }
central() { "$bin/buron-central" --data "$work/c" "$@"; }

# eventually WHAT COMMAND… waits for a condition, 30 s at most.
eventually() {
	local what=$1 _
	shift
	for _ in $(seq 300); do
		"$@" && { tell "$what"; return; }
		sleep 0.1
	done
	die "never: $what"
}

serve() {
	: >"$work/c.log"
	"$bin/buron-central" --data "$work/c" serve --quiet --listen "127.0.0.1:${port:-0}" 2>"$work/c.log" &
	served=$!
	pids+=("$served")
	local _
	for _ in $(seq 100); do grep -q '127.0.0.1:' "$work/c.log" && break; sleep 0.05; done
	port=$(grep -o '127.0.0.1:[0-9]*' "$work/c.log" | cut -d: -f2)
	url=https://127.0.0.1:$port
}

# screen N starts a virtual screen and names it.
screen() {
	local fd=$work/display.$1
	# Taller than the windows by the bar that the window manager adds.
	Xvfb -displayfd 3 -screen 0 1280x824x24 -nolisten tcp 3>"$fd" >/dev/null 2>&1 &
	pids+=($!)
	local _
	for _ in $(seq 100); do [ -s "$fd" ] && break; sleep 0.05; done
	display=:$(cat "$fd")
	DISPLAY=$display openbox >/dev/null 2>&1 &
	pids+=($!)
}

has() { b "$1" show "$2" --json 2>/dev/null | grep -qF "$3"; }
lacks() { ! has "$@"; }
digests() { b "$1" doctor 2>/dev/null | grep -E '^(agenda|parc|staff) '; }
equal() { [ -n "$(digests a)" ] && [ "$(digests a)" = "$(digests b)" ] && [ "$(digests a)" = "$(b c doctor 2>/dev/null | grep -E '^(agenda|parc|staff) ')" ]; }
conflicts() { [ "$(b "$1" conflicts --json | grep -c '"field"')" -eq "$2" ]; }
said() { b "$1" conflicts --json | grep -qF "\"device\": \"$2\""; }
waiting() { b "$1" status --json | sed -n 's/.*"pending": *\([0-9]*\).*/\1/p'; }

central init --territory "Cantal (démonstration)" 2>/dev/null
serve
tell "Le central est fondé et attend sur le port $port."
invite() { central invite "$@" 2>/dev/null; }
b a join "$(invite --role coordination)" --central "$url" --device "poste de la coordination" 2>/dev/null
b b join "$(invite --role agent --place 0150001V)" --central "$url" --device "tablette de l'agent" 2>/dev/null
b k join "$(invite --role kiosk --place 0150001V)" --central "$url" --device "borne" 2>/dev/null
tell "Trois appareils ont rejoint : $(central devices | awk -F'  +' '$2 != "central" {print $1}' | paste -sd, | sed 's/,/, /g')."

site=$(b a add site type=collège uai=0150001V name="Collège Maurice Peschaud" commune=15001)
room=$(b a add room site=0150001V name="Salle 12" use=classe)
cdi=$(b a add room site=0150001V name=CDI use=cdi)
pc=$(b a add equipment tag=PC-15001-0042 serial=EX4310042 level=socle site=0150001V room="Salle 12" status="en service")
b a add workshop title="Premiers pas au clavier" themes=email place=0150001V begin="$(date -d tomorrow +%Y-%m-%d) 14:00" end="$(date -d tomorrow +%Y-%m-%d) 16:00" status=ouvert >/dev/null
charter=$(b a add charter version=2026-2027 text="Charte (exemple). Chacun respecte les autres et le matériel." status="en vigueur")
b a add charter_adoption site=0150001V charter="$charter" vote_date=2026-09-15 annexed=oui >/dev/null

flags="--alone --every 1s --window 1280x800"
for who in a b k; do
	screen $who
	program=$bin/buron
	[ $who = k ] && program=$bin/buron-kiosk
	# shellcheck disable=SC2086
	DISPLAY=$display "$program" --data "$work/$who" $flags >"$work/$who.log" 2>&1 &
	pids+=($!)
	eval "display_$who=$display window_$who=$!"
done
eventually "Le poste, la tablette et la borne sont ouverts ; la tablette a reçu l'appareil PC-15001-0042." has b "$pc" PC-15001-0042
eventually "La borne a reçu l'agenda, et rien d'autre : pas d'appareil." has k "$charter" 2026-2027
lacks k "$pc" PC-15001 || die "the kiosk holds equipment"

kill "$served"
wait "$served" 2>/dev/null || true
tell "Le lien est coupé : le central ne répond plus."
b a set "$pc" status="en panne" >/dev/null
b a set "$pc" room=CDI >/dev/null
b b set "$pc" note="écran remplacé" >/dev/null
b b set "$pc" status="en stock" >/dev/null
audit=$(b b add intervention equipment="$pc" symptom=réseau description="Prise du fond")
sign=$(b k add acknowledgement act=signature site="$site" charter="$charter" population="usager du tiers-lieu" person_name="Visiteur 01" typed_name="Visiteur 01")
tell "Hors ligne : la coordination déplace l'appareil et le dit en panne ; l'agent note sa réparation et le dit en stock ; un visiteur signe à la borne."
lacks a "$pc" "écran remplacé" || die "the note travelled through a cut link"
lacks b "$pc" "$cdi" || die "the move travelled through a cut link"
tell "Relu : aucun ne sait ce que l'autre a écrit. En attente d'envoi : $(waiting a) au poste, $(waiting b) à la tablette, $(waiting k) à la borne."

serve
tell "Le lien est rétabli."
eventually "Le poste a la note de l'agent et son intervention." has a "$pc" "écran remplacé"
eventually "La tablette a le déplacement de la coordination." has b "$pc" "$cdi"
eventually "Le poste a l'intervention $audit." has a "$audit" reseau
eventually "Le poste a la signature de la borne." has a "$sign" "Visiteur 01"
eventually "Le poste a un champ à décider : l'état de l'appareil." conflicts a 1
eventually "La tablette a le même." conflicts b 1
for who in a b; do
	said $who "poste de la coordination" && said $who "tablette de l'agent" || die "a conflict does not say who wrote what"
done
tell "Sur les deux, chaque valeur dit qui l'a écrite."
for who in a b k; do
	d=display_$who
	DISPLAY=${!d} import -window root "$out/$who.png"
done
b a set "$pc" status="en panne" >/dev/null
eventually "La coordination a décidé, et la tablette n'a plus rien à décider." conflicts b 0
eventually "Le poste, la tablette et le central ont le même état." equal
lacks k "$pc" PC-15001 || die "the kiosk holds equipment"
central verify >/dev/null 2>&1 || die "the central's chains do not verify"
tell "Chaque signature du central est vérifiée."
# The same desktop once more, on the page of its exchanges.
kill "$window_a"
wait "$window_a" 2>/dev/null || true
screen c
# shellcheck disable=SC2086
DISPLAY=$display "$bin/buron" --data "$work/a" $flags --page échanges >/dev/null 2>&1 &
pids+=($!)
b b set "$pc" note="écran remplacé et vérifié" >/dev/null
eventually "Le poste, rouvert sur ses échanges, reçoit encore ce que l'agent écrit." has a "$pc" "vérifié"
sleep 2 # for the page to be drawn
DISPLAY=$display import -window root "$out/échanges.png"
mv "$out/a.png" "$out/coordination.png"
mv "$out/b.png" "$out/agent.png"
mv "$out/k.png" "$out/borne.png"
tell "Quatre images dans build/demo/ : $(ls "$out" | paste -sd' ')."

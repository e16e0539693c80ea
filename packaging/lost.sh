#!/usr/bin/env bash
# A lost laptop is revoked at the central. A neighbour learns it from a USB stick alone: both are in a network namespace
# from which no route leads to the central. Needs root. Prints « ok » or « FAIL ».
. "$(dirname "$0")/kit.sh"
net=buron-lost
valley() { ip netns exec "$net" "$bin/buron" --data "$work/$1" "${@:2}"; }
# meet: the laptop calls the neighbour; what it is told is in $said.
meet() { said=$(valley laptop sync --once --alone --central off --peer 127.0.0.1:18962 2>&1); }
holds() { says "$2" b "$1" list equipment; }

if [ "$(id -u)" -ne 0 ] || ! ip netns add "$net" 2>/dev/null; then
	ok "a lost laptop: left out, network namespaces need root"
	exit 0
fi
trap 'ip netns del "$net"; over' EXIT
ip netns exec "$net" ip link set lo up
serve 127.0.0.1:18961
for n in laptop neighbour; do enrol $n agent; done
b laptop add equipment level=socle tag=PREMIER >/dev/null 2>&1
for n in neighbour laptop neighbour; do b $n sync --once 2>/dev/null; done

if valley neighbour sync --once 2>/dev/null; then fail "there is a route to the central"; else ok "the neighbour has no route to the central"; fi
ip netns exec "$net" "$bin/buron" --data "$work/neighbour" sync --alone --central off --listen 127.0.0.1:18962 2>"$work/neighbour.log" &
pids+=($!)
until_ "the neighbour listens" grep -q écoute "$work/neighbour.log"
b laptop add equipment level=socle tag=AVANT >/dev/null 2>&1
meet
holds neighbour AVANT || fail "two devices that are both admitted do not exchange: $said"

central revoke laptop --reason perdu 2>/dev/null
b laptop add equipment level=socle tag=VOLEUR-1 >/dev/null 2>&1
meet
if holds neighbour VOLEUR-1; then ok "revoked at the central, the laptop is still taken in by who cannot know"; else fail "before the stick: $said"; fi

mkdir "$work/stick"
central bundle write "$work/stick" >/dev/null 2>&1
ok "the stick weighs $(du -b "$work"/stick/*.buron | cut -f1) bytes; the neighbour says: $(valley neighbour bundle read "$work/stick" 2>&1 | sed $'s/.*\u00a0: //')"
b laptop add equipment level=socle tag=VOLEUR-2 >/dev/null 2>&1
b neighbour add equipment level=socle tag=SECRET >/dev/null 2>&1
if meet; then fail "the laptop's exchange ends well: $said"; else ok "the laptop is refused, and told: ${said%%$'\n'*}"; fi
if holds neighbour VOLEUR-2 || holds laptop SECRET; then fail "something passed"; else ok "nothing passes, either way"; fi
if holds neighbour PREMIER && ! holds neighbour 'AVANT|VOLEUR'; then
	ok "what had reached the central before the end stays; the rest is put aside: $(b neighbour quarantine | tr -s ' ' | paste -sd ';')"
else
	fail "$(b neighbour list equipment)"
fi
exit $failed

#!/usr/bin/env bash
# Installs the system packages that building (build) or showing without a screen (display) needs, and says
# so. It does nothing where they are there already.
set -euo pipefail

build="gcc libc6-dev pkg-config libgl-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev"
display="xvfb xauth openbox xdotool imagemagick x11-utils libgl1-mesa-dri iproute2 strace"

missing() {
	for p in $1; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || echo "$p"
	done
}

case "${1:-build}" in
build) wanted=$build ;;
display) wanted=$display ;;
*) echo "usage: setup.sh build|display" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "Buron: this is not Debian or Ubuntu; install the equivalent of: $wanted" >&2
	exit 0
fi
list=$(missing "$wanted" | tr '\n' ' ')
[ -z "${list// /}" ] && exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "Buron: as root, install: apt-get install $list" >&2; exit 1; }
	sudo=sudo
fi
echo "Buron: installing $list" >&2
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $list >/dev/null

#!/usr/bin/env bash
# Opens the desktop. Where there is no screen it says so and opens it on a virtual one.
set -euo pipefail
here=$(dirname "$0")
program=$1
shift
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}"
if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; then
	exec "$program" "$@"
fi
echo "No display here: Buron opens on a virtual screen (Xvfb). To see pictures of it, type: make demo" >&2
"$here/setup.sh" display
exec xvfb-run -a -s '-screen 0 1280x800x24' "$program" "$@"

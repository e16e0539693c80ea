#!/usr/bin/env bash
# Plants each bug of a folder of patches in a throwaway copy of the tree and lets the simulator live there: a
# bug that it does not find is a hole in the simulator. Usage: run.sh [folder] [lives].
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
folder=$(cd "${1:-$here}" && pwd)
lives=${2:-300}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

shopt -s nullglob
patches=("$folder"/*.patch)
[ ${#patches[@]} -gt 0 ] || { echo "no patch in $folder"; exit 1; }
survivors=0
for patch in "${patches[@]}"; do
	rm -rf "$copy/tree" && mkdir "$copy/tree"
	(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - --ignore-failed-read) | tar -xf - -C "$copy/tree"
	name=$(basename "$patch" .patch)
	if ! (cd "$copy/tree" && patch -p1 --quiet < "$patch"); then
		echo "STALE    $name: the patch does not apply any more"
		survivors=$((survivors + 1))
		continue
	fi
	if ! (cd "$copy/tree" && go vet ./sync/... ) > "$copy/log" 2>&1; then
		echo "STALE    $name: it does not build:"
		tail -5 "$copy/log"
		survivors=$((survivors + 1))
		continue
	fi
	begun=$SECONDS
	if make -C "$copy/tree" --no-print-directory sim N="$lives" > "$copy/log" 2>&1; then
		echo "SURVIVED $name: $lives lives passed with it"
		survivors=$((survivors + 1))
	else
		echo "found    $name after $((SECONDS - begun)) s: $(grep -m1 -oE 'seed [0-9]+: .*' "$copy/log" || tail -1 "$copy/log")"
	fi
done
exit "$survivors"

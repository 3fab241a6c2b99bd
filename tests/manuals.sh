#!/bin/sh
# SPDX-License-Identifier: MIT
# The manuals are clean mdoc, every page they refer to among ours exists, and
# the README has every source file in its map.
set -u
cd "$(dirname "$0")/.." || exit 70

bad=0
refs=$(mktemp)
trap 'rm -f "$refs"' EXIT
mandoc -T lint -W warning man/*.[1-8] || bad=1
for page in man/*.[1-8]; do
    sed -n 's/^\.Xr \(chat[a-z.-]*\) \([0-9]\).*/\1.\2/p' "$page" >>"$refs"
done
while read -r ref; do
    [ -f "man/$ref" ] || { echo "no page $ref" && bad=1; }
done <"$refs"
for source in shared/*.c server/*.c tui/*.c; do
    name=$(basename "$source" .c)
    grep -q "^|.*\`$name\`.*|" README.md ||
        { echo "README.md: $source is not in the map" && bad=1; }
done
exit $bad

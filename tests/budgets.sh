#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: budgets.sh FILE...
# Measure sizes: files, functions, columns.  Relies on the layout clang-format
# keeps: a function's braces stand alone in column 1.
set -u
export LC_ALL=C.UTF-8

bad=0
complain() {
    printf '%s\n' "$1" >&2
    bad=1
}

for file in "$@"; do
    case $file in
    tests/*) max=1000 ;; # a test may be larger than its subject
    *.h) max=200 ;;
    *) max=500 ;;
    esac
    lines=$(wc -l <"$file")
    [ "$lines" -le "$max" ] || complain "$file: $lines lines, at most $max"
    wide=$(grep -nE '^.{81,}' "$file") && complain "$file: too wide: $wide"
    head -n 1 "$file" | grep -q SPDX || complain "$file: no SPDX line"
done

sizes=$(mktemp)
trap 'rm -f "$sizes"' EXIT
awk '/^{$/ { start = FNR }
    /^}$/ && start { print FNR - start + 2, FILENAME ":" start; start = 0 }' \
    "$@" | sort -n >"$sizes"
n=$(wc -l <"$sizes")
long=$(awk '$1 > 70 { print $2 ": function of " $1 " lines, at most 70" }' \
    "$sizes")
[ -z "$long" ] || complain "$long"
at() { sed -n "$(((n * $1 + 99) / 100))p" "$sizes" | cut -d' ' -f1; }
[ "$n" = 0 ] || echo "$# files, $n functions:" \
    "median $(at 50) lines, p90 $(at 90), longest $(at 100)"
exit $bad

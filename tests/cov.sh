#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: cov.sh BUILD
# Run the unit tests of a build made with --coverage; lines reached, by file.
set -u
cd "$(dirname "$0")/.." || exit 70

find "$1" -name '*.gcda' -delete
for test in "$1"/tests/test_*; do
    [ ! -x "$test" ] || "$test" >"$1/log" 2>&1 || tail -n 20 "$1/log" >&2
done
find "$1"/shared "$1"/server "$1"/tui -name '*.gcda' -print0 |
    xargs -0 gcov -n 2>/dev/null |
    awk -F"[':% ]+" '
        /^File/ { file = $2 }
        /^Lines executed/ && file ~ /^(shared|server|tui)\/.*\.c$/ {
            printf "%6.1f%% of %4d  %s\n", $3, $5, file | "sort -n"
            hit += $3 / 100 * $5; all += $5; file = ""
        }
        END {
            close("sort -n")
            if (all) printf "%6.1f%% of %4d  in all\n", 100 * hit / all, all
        }'

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: DEFINES=... lint.sh FILE...
# All checks of style; each speaks only when it finds something.
set -u
cd "$(dirname "$0")/.." || exit 70

bad=0
check() { # NAME COMMAND...
    echo "lint: $1"
    "${@:2}" || { echo "lint: $1: FAILED" >&2 && bad=1; }
}

# shellcheck disable=SC2317 # called by name
tidy_one() { # FILE ($DEFINES has quotes of its own)
    eval "clang-tidy --quiet $1 -- $DEFINES" 2>/dev/null
}

# shellcheck disable=SC2016,SC2317
tidy() {
    printf '%s\n' "$@" | grep '\.c$' |
        xargs -P "$(nproc)" -I {} bash -c 'out=$(tidy_one {}) || {
            echo "$out"; exit 1; }'
}

export DEFINES
export -f tidy_one
check sizes tests/budgets.sh "$@"
check scripts shellcheck -x .ci/run tests/*.sh tests/e2e/*.sh \
    tests/bench/*.sh tui/*.sh
check manuals tests/manuals.sh
check format clang-format --dry-run -Werror "$@"
check cppcheck cppcheck --quiet --std=c17 --error-exitcode=1 -j "$(nproc)" \
    --enable=warning,performance,portability --inline-suppr \
    --suppress=missingIncludeSystem -I. -DVERSION='""' -DLOCALEDIR='""' \
    shared server tui
check clang-tidy tidy "$@"
exit $bad

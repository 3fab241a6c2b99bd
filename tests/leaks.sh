#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: leaks.sh [units | programs [SCRIPT ...]]
# Run the unit tests, and the programs through their terminal tests, under
# valgrind, and fail when memory was lost or misused.  Simulations are left to
# the sanitizers: they would take hours.  Tests which measure time or count
# what a process takes cannot go this slowly; that they fail is not counted,
# only what valgrind says is.

set -u
cd "$(dirname "$0")/.." || exit 70
export LC_ALL=C.UTF-8

OUT=$PWD/build-leaks
VALGRIND="valgrind -q --leak-check=full --show-leak-kinds=definite,indirect"
VALGRIND+=" --errors-for-leak-kinds=definite,indirect --error-exitcode=99"
VALGRIND+=" --child-silent-after-fork=yes" # tests that fork just exit there
export VALGRIND OUT

unit() { # PROGRAM
    local name log status
    name=$(basename "$1")
    log=$OUT/$name.out
    # shellcheck disable=SC2086
    timeout 900 $VALGRIND --log-file="$OUT/$name.%p.log" "$1" >"$log" 2>&1
    status=$?
    echo "$name: exit status $status"
}

if [ "${1-}" = -x ]; then # called back by xargs below
    unit "$2"
    exit 0
fi

units() {
    local source name
    for source in tests/test_*.c; do
        name=$(basename "$source" .c)
        case $name in
        *sim | test_store_faults | test_snapshot) ;;
        *) echo "build/tests/$name" ;;
        esac
    done | xargs -P "$(nproc)" -L 1 tests/leaks.sh -x
}

# A directory of programs that run under valgrind, for the terminal tests.
programs() { # [SCRIPT...]
    local name
    cp -r build/locale "$OUT/" 2>/dev/null
    ln -sfn "$PWD/build/tests" "$OUT/tests"
    for name in chat-server chat-tui chatctl; do
        cat >"$OUT/$name" <<EOF
#!/bin/sh
exec $VALGRIND --log-file=$OUT/$name.%p.log $PWD/build/$name "\$@"
EOF
        chmod +x "$OUT/$name"
    done
    B=$OUT tests/check.sh e2e-only "$@"
}

rm -rf "$OUT" && mkdir -p "$OUT" || exit 70
case ${1-all} in
units) units ;;
programs) programs "${@:2}" ;;
all) units && programs ;;
esac
find "$OUT" -name '*.log' -size +0 | sort >"$OUT/found"
while read -r log; do
    echo "== $log"
    head -n 40 "$log"
done <"$OUT/found"
echo "$(find "$OUT" -name '*.log' | wc -l) runs, $(wc -l <"$OUT/found") with something lost or misused"
[ ! -s "$OUT/found" ]

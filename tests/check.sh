#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: check.sh [PART ...]
# Run the tests of the parts, all of them by default, and say how it went:
#     build   everything compiles with gcc -Werror
#     unit    units and simulation; the documentation tests are among them
#     docs    manuals, translations, sample configuration, installation
#     layers  who calls whom, and no mutable globals
#     clang   everything compiles with clang -Werror
#     san     units and simulation again, under ASan and UBSan
#     fuzz    the fuzz targets over their corpora, under ASan and UBSan
#     e2e     real programs in a real terminal
#     e2esan  the same programs under ASan and UBSan
# Every test leaves its output in build/logs.  The last line is
# `N passed, N failed, N skipped`, alone; any failure makes the exit status 1.
#
# e2e-only [SCRIPT ...] takes the programs from $B as they are.

set -u
cd "$(dirname "$0")/.." || exit 70
export LC_ALL=C.UTF-8

MAKE=${MAKE:-make}
JOBS=$(nproc)
LOGS=$PWD/build/logs
SAN_B="build-address-undefined"
SELF=tests/check.sh

# ---- one test: a command with a deadline, its output in a log ----

# result KIND SUITE NAME: a line per test; short ones, so they do not mix.
result() {
    echo "$1 $2 $3" >>"$LOGS/results"
}

# The verdicts of a cmocka program, from its TAP output.
read_tap() { # SUITE NAME LOG STATUS
    local plan=0 seen=0 line
    while IFS= read -r line; do
        case $line in
        1..*) plan=$((plan + ${line#1..})) ;;
        'ok '*) seen=$((seen + 1)) && result pass "$1" "$2:${line##*- }" ;;
        'not ok '*'# SKIP'*)
            seen=$((seen + 1)) && result skip "$1" "$2:${line##*SKIP }" ;;
        'not ok '*) seen=$((seen + 1)) && result fail "$1" "$2:${line##*- }" ;;
        esac
    done <"$3"
    if [ "$seen" -lt "$plan" ] || [ "$plan" = 0 ]; then
        result fail "$1" "$2:ended-after-$seen-of-$plan"
    elif [ "$4" != 0 ] && ! grep -q '^not ok [^#]*$' "$3"; then
        result fail "$1" "$2:exit-status-$4" # a leak, say
    fi
}

# Run a command as a test.  It passes when it exits with 0; 77 is a skip.
run_one() { # TYPE SUITE NAME TIMEOUT COMMAND...
    local type=$1 suite=$2 name=$3 limit=$4 log=$LOGS/$2.$3.log status
    shift 4
    timeout -k 10 "$limit" "$@" >"$log" 2>&1 </dev/null
    status=$?
    [ $status != 124 ] || echo "timed out after $limit s" >>"$log"
    case $type.$status in
    tap.*) read_tap "$suite" "$name" "$log" "$status" ;;
    plain.0) result pass "$suite" "$name" ;;
    plain.77) result skip "$suite" "$name" ;;
    plain.*) result fail "$suite" "$name" ;;
    esac
    if grep -q "^fail $suite $name\(:\|$\)" "$LOGS/results"; then
        echo "FAIL  $suite $name"
        head -n 80 "$log" | sed 's/^/    | /'
    elif [ $status = 77 ]; then
        echo "skip  $suite $name: $(grep -m1 '^SKIP' "$log")"
    else
        echo "ok    $suite $name"
    fi
}

if [ "${1-}" = -x ]; then # called back by `parallel` below
    shift
    run_one "$@"
    exit 0
fi

# Lines of `TYPE SUITE NAME TIMEOUT COMMAND...`, N at a time.
parallel() { # N
    xargs -r -P "$1" -L 1 "$SELF" -x
}

step() { # SUITE NAME COMMAND...
    run_one plain "$1" "$2" 900 "${@:3}"
}

unit_lines() { # SUITE DIRECTORY
    local source name
    for source in tests/test_*.c; do
        name=${source#tests/test_}
        name=${name%.c}
        echo "tap $1 $name 300 $2/tests/test_$name"
    done
}

# ---- the parts ----

part_build() {
    step build gcc "$MAKE" -s -j"$JOBS" all tests
}

part_clang() {
    step build clang "$MAKE" -s -j"$JOBS" CC=clang B=build-clang all tests
}

part_unit() {
    unit_lines unit build | CMOCKA_MESSAGE_OUTPUT=TAP parallel "$JOBS"
}

build_san() {
    [ ! -e "$LOGS/build.san.log" ] || return 0
    step build san "$MAKE" -s -j"$JOBS" SAN=address,undefined all tests
}

part_san() {
    build_san
    unit_lines san $SAN_B | CMOCKA_MESSAGE_OUTPUT=TAP parallel "$JOBS"
}

part_fuzz() {
    local source name
    build_san
    for source in tests/fuzz_*.c; do
        name=${source#tests/fuzz_}
        name=${name%.c}
        [ "$name" = replay ] || [ ! -f "$source" ] ||
            echo "plain fuzz $name 300 $SAN_B/tests/replay_$name tests/corpus/$name"
    done | parallel "$JOBS"
}

part_docs() {
    step docs manuals tests/manuals.sh
    step docs translations tests/translations.sh
    step docs samples build/chat-server -c build/chat-server.conf --check-config
    step docs install tests/install.sh build
}

part_layers() {
    step layers layers tests/layers.sh build
}

# Terminal tests wait more than they compute: more at once than processors.
e2e() { # SUITE BUILD [SCRIPT...]
    local script suite=$1 build=$2
    shift 2
    [ $# != 0 ] || set -- tests/e2e/test_*.sh
    for script; do
        echo "plain $suite $(basename "$script" .sh) 180 $script"
    done | B=$build parallel $((JOBS * 2))
}

part_e2e() {
    e2e e2e build
}

part_e2esan() {
    build_san
    e2e e2esan $SAN_B
}

main() {
    local part start=$SECONDS passed failed skipped
    mkdir -p "$LOGS" && rm -f "$LOGS"/* && : >"$LOGS/results"
    if [ "${1-}" = e2e-only ]; then
        e2e e2e "${B:-build}" "${@:2}"
    else
        export CC=gcc WERROR=1
        [ $# != 0 ] || set -- build layers unit docs e2e clang san fuzz e2esan
        for part; do
            "part_$part"
            ! grep -q '^fail build' "$LOGS/results" || break # the rest is noise
        done
    fi
    passed=$(grep -c '^pass' "$LOGS/results")
    failed=$(grep -c '^fail' "$LOGS/results")
    skipped=$(grep -c '^skip' "$LOGS/results")
    echo
    grep -E '^(fail|skip)' "$LOGS/results" | sort
    echo "took $((SECONDS - start)) s; logs are in build/logs"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
}

main "$@"

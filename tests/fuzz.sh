#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: fuzz.sh NAME...
# Fuzz each tests/fuzz_NAME.c for $FUZZ_TIME seconds.  It starts from what is
# in tests/corpus/NAME; what it finds stays in build-fuzz/NAME.
set -eu
cd "$(dirname "$0")/.."

make=${MAKE:-make}
for name in "$@"; do
    "$make" -s -j"$(nproc)" CC=clang SAN=address,undefined,fuzzer-no-link \
        B=build-fuzz "build-fuzz/tests/libfuzzer_$name"
    mkdir -p "build-fuzz/$name"
    "build-fuzz/tests/libfuzzer_$name" -max_total_time="${FUZZ_TIME:-60}" \
        -artifact_prefix="build-fuzz/$name." \
        "build-fuzz/$name" "tests/corpus/$name"
done

#!/bin/bash
# SPDX-License-Identifier: MIT
# A window dragged to and fro: any size, many times, while others talk.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

RANDOM=${SEED:=$$}
echo "SEED=$SEED"
server_start --rate-limit off
client_start alice 80x24 --tcp '#lobby'
joined alice
yes 'words words words 文字文字 words' | head -n 300 | nl |
    send bob '#lobby' --tcp &
PIDS+=("$!")
for ((i = 0; i < 80; i++)); do
    resize alice "$((1 + RANDOM % 150))x$((1 + RANDOM % 50))"
    ((i % 8)) || type_keys alice 'x'
done
for size in 1x1 2x1 1x50 200x1 20x4 19x3 100x30 80x24; do
    resize alice $size
    sleep 0.1 # let it be drawn, or it would not count
done
wait_for alice ' 300.*words$'
wait_for alice 'alice.*> *xxxxxxxxxx$'
press alice C-u
say alice 'still here'
wait_for alice 'alice +still here'

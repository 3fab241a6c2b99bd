#!/bin/bash
# SPDX-License-Identifier: MIT
# Lines through pipes: all of them, once, in order, over each transport.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start --rate-limit off
n=1000
for transport in tcp udp; do
    pipe_start "tail-$transport" --tail "#$transport" --last $n "--$transport"
    pipe_start "json-$transport" --tail "#$transport" --last $n --json \
        "--$transport"
    seq -f 'line %g.' $n | send "sender-$transport" "#$transport" "--$transport"
    is "exit status over $transport" $? 0
    eventually "the last line" logged "tail-$transport" "line $n\."
    eventually "the last line" logged "json-$transport" "line $n\."
    is "lines over $transport" "$(grep -oE 'line [0-9]+\.' \
        "$TMP/tail-$transport.log")" "$(seq -f 'line %g.' $n)"
    is "JSON over $transport" "$(grep -oE 'line [0-9]+\.' \
        "$TMP/json-$transport.log")" "$(seq -f 'line %g.' $n)"
done

# Late comers can have the last ones.
pipe_start late --tail '#tcp' --last 5 --udp
eventually "the last five" logged late "line $n\."
is "the last five" "$(grep -oE 'line [0-9]+\.' "$TMP/late.log")" \
    "$(seq -f 'line %g.' $((n - 4)) $n)"

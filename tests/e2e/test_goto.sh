#!/bin/bash
# SPDX-License-Identifier: MIT
# Going to lines far back in a room of many: what a search has found, what a
# line answers, a day; reading on from there; and back to the newest.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command_of() { # NAME COMMAND
    type_keys "$1" "$2"
    press "$1" Enter
}

n=3000
server_start --rate-limit off
{
    seq -f 'line %g.' 99
    echo 'the needle 针 lies here'
    seq -f 'line %g.' 101 $n
} | send sender '#long' --tcp
is "exit status of the sender" $? 0
client_start amy 80x24 -n amy --tcp '#long'
joined amy
wait_for amy "line $n\."

find_needle() { # NAME: it is in the index a moment after it was said
    command_of "$1" '/search 针'
    sees "$1" '1 to 9' || { sleep 0.3 && sees "$1" '1 to 9'; }
}
eventually "amy finds it" find_needle amy
press amy 1
wait_for amy 'sender +the needle 针 lies here'
wait_for amy 'line 101\.'
check "the newest are not near" blind amy "line $n\."

# On down, across what is missing; nothing is left out.
press amy Enter
differs() {
    [ "$(screen amy)" != "$before" ]
}
down() { # where it ends because more is still to come, it is tried again
    press amy PgDn
    for _ in {1..40}; do
        ! differs || return 0
        sleep 0.05
    done
    return 1
}
screen amy >"$TMP/read"
until sees amy 'line 7[0-9][0-9]\.'; do
    before=$(screen amy)
    eventually "a page further down" down
    screen amy >>"$TMP/read"
done
is "lines read" "$(grep -oE 'line [1-6][0-9][0-9]\.' "$TMP/read" | sort -u)" \
    "$(seq -f 'line %g.' 101 699)"
press amy M-End
wait_for amy "line $n\."
check "nothing of it here" blind amy 'messages missing'

# An answer, and the line that it answers.
command_of amy '/goto 1'
wait_for amy 'the needle 针 lies here'
press amy Enter
command_of amy '/reply ^needle found it'
wait_for amy 'found it'
press amy M-End
press amy M-o
wait_for amy 'line 101\.'
press amy Escape
wait_for amy 'found it'

# A day: all of it is of today, so the first of today is the first of all.
command_of amy "/goto $(date +%F)"
wait_for amy 'line 1\.'
wait_for amy 'sender joined'
press amy Escape
wait_for amy 'found it'
command_of amy '/goto 1999-12-31'
wait_for amy 'line 1\.'
press amy Escape

# On a small screen, and line by line.
client_start bob 40x10 -n bob --udp '#long'
wait_for bob 'bob joined'
eventually "bob finds it" find_needle bob
press bob 1
wait_for bob 'sender: the needle 针 lies here'
pipe_start line --line --tcp '#long'
eventually "in" logged line 'found it'
echo '/search 针' >"$TMP/line.in"
eventually "found" logged line '/goto NUMBER, goes there'
echo '/goto 1' >"$TMP/line.in"
eventually "printed" logged line '> .* sender: the needle 针 lies here'
eventually "what is near" logged line ' sender: line 105\.'

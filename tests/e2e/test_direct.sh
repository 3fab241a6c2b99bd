#!/bin/bash
# SPDX-License-Identifier: MIT
# A room of two that one machine of a person has left: the other is not told,
# and what is said there all the same arrives, once, and opens it at both.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command_of() { # NAME COMMAND
    type_keys "$1" "$2"
    press "$1" Enter
}

server_start --rate-limit off
client_start bob 80x24 -n bob --tcp '#a'
joined bob
client_start ann 80x24 -n ann --tcp '#a'
joined ann
command_of ann '/devices add'
wait_for ann '[0-9A-Z]{4}-[0-9A-Z]{4}'
code=$(screen ann | grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}' | head -n 1)
terminal_start laptop 80x24 env XDG_STATE_HOME="$TMP/laptop.state" \
    "$B/chat-tui" -s "$HOST:$TCP/$UDP" -n ann --udp --code "$code" '#a'
joined laptop

command_of ann '/join @bob'
for name in ann laptop; do
    wait_for "$name" '2 @bob'
done
wait_for bob '2 @ann'
command_of ann /part
wait_gone ann '@bob'
press laptop M-2
wait_for laptop '\[2 @bob'
say laptop psst
say laptop 'are you there'
press bob M-2
wait_for bob 'ann +psst'
wait_for bob 'ann +are you there'
wait_gone laptop '[.>!] +psst|! +are'
wait_for ann '2 @bob'
check "each line once" test "$(screen bob | grep -c psst)" = 1
check "nothing refused" blind laptop 'not sent'

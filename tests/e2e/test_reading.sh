#!/bin/bash
# SPDX-License-Identifier: MIT
# One person at two machines: what is read at one is not unread at the other,
# now and after the server was killed, and the line before what is new stands
# where reading ended.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command_of() { # NAME COMMAND
    type_keys "$1" "$2"
    press "$1" Enter
}

# The other machine of ann: a state and a key of its own.
laptop() { # ARGUMENT...
    terminal_start laptop 80x24 env XDG_STATE_HOME="$TMP/laptop.state" \
        "$B/chat-tui" -s "$HOST:$TCP/$UDP" -n ann "$@" '#a' '#b'
    joined laptop
}

leave() { # NAME: its terminal is closed, too
    command_of "$1" /quit
    ends "$1" 0
    terminal "$1" kill-server
}

# The row before a line that was said.
stands_below() { # NAME BEFORE TEXT
    screen "$1" | grep -B 1 -E -- "$3" | head -n 1 | grep -qE -- "$2"
}

server_start --rate-limit off
client_start bob 80x24 -n bob --tcp '#a' '#b'
joined bob
client_start ann 80x24 -n ann --tcp '#a' '#b'
joined ann
command_of ann '/devices add'
wait_for ann '[0-9A-Z]{4}-[0-9A-Z]{4}'
laptop --udp --code "$(screen ann | grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}' | head -n 1)"
for name in ann laptop bob; do
    wait_for "$name" '2 #b|\[2 #b\]'
done
press ann M-1
press laptop M-1
press bob M-2
wait_for bob '\[2 #b\]'

# Three lines in #b, one of them for ann.
say bob one
say bob 'ann: two'
say bob three
for name in ann laptop; do
    wait_for "$name" '\[1 #a\].*2 #b 3!'
done
press ann M-2
wait_for ann 'bob +three'
wait_for laptop '\[1 #a\] 2 #b +'
wait_gone laptop '#b 3'
check "the mention, too" blind laptop '#b [0-9]'

# The other way round, and two lines nobody has seen when the server dies.
press ann M-1
wait_for ann '\[1 #a\]'
say bob four
wait_for ann '#b 1'
press laptop M-2
wait_for laptop 'bob +four'
wait_gone ann '#b 1'
press laptop M-1
wait_for laptop '\[1 #a\]'
say bob five
say bob six
wait_for laptop '#b 2'
wait_for ann '#b 2'
server_signal KILL
eventually "server gone" gone "$SERVER_PID"
server_start --rate-limit off
for name in ann laptop bob; do
    wait_for "$name" ' ok$'
done
wait_for ann '#b 2'
wait_for laptop '#b 2'

# Who comes anew is told the same, and sees where to go on reading.
leave laptop
leave ann
say bob seven
laptop --udp
wait_for laptop '#b 3'
press laptop M-2
wait_for laptop 'bob +seven'
wait_for laptop '= new \(3\) ='
check "it stands before what is new" stands_below laptop '= new' 'bob +five'
leave laptop
client_start ann 80x24 -n ann --tcp '#a' '#b'
joined ann
never 2 "a count of what was read" sees ann '#b [0-9]'

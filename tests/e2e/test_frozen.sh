#!/bin/bash
# SPDX-License-Identifier: MIT
# A terminal that takes no output (a frozen ssh window): the heartbeats go
# on, the others see it frozen and not gone, and it catches up.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start --rate-limit off --heartbeat 500 --late 2000 --gone 5000
client_start watcher 120x40 --tcp '#lobby'
joined watcher # the first one owns the room, and is marked so
client_start alice 80x24 --tcp '#lobby'
wait_for watcher '\+ alice'

# A line every 20 ms until the window is stuck: lines that come together become
# one picture, and it is pictures that fill what the terminal does not take.
chatter() {
    local n=0 text
    text=$(printf 'text %.0s' {1..80})
    until [ -e "$TMP/enough" ]; do
        n=$((n + 1))
        echo "$n $text"
        sleep 0.02
    done
    echo "last $text"
}

terminal_signal alice STOP
chatter | send bob '#lobby' --tcp &
bob=$!
PIDS+=("$bob")
wait_for watcher '\* alice'
: >"$TMP/enough"
wait "$bob"
is "bob's exit status" $? 0
wait_for watcher '\* alice'
never 10 "alice gone or late" sees watcher '[-?] alice'
wait_for watcher '\* alice'

terminal_signal alice CONT
wait_for watcher '\+ alice'
wait_for alice ' last text'
say alice 'thawed'
wait_for watcher 'alice +thawed'

#!/bin/bash
# SPDX-License-Identifier: MIT
# A change of transport in the middle of a conversation: nothing is lost,
# nothing comes twice, and the others see nobody leave.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start --rate-limit off
pipe_start watcher --line --tcp '#lobby'
pipe_start carol --line --tcp '#lobby'
eventually "carol is there" logged watcher 'carol'

ask() { # a line typed by carol
    echo "$1" >"$TMP/carol.in"
}

{
    for ((i = 1; i <= 2000; i++)); do
        echo "incoming $i."
        ((i % 100)) || sleep 0.05
    done
} | send dave '#lobby' --udp &
sender=$!
PIDS+=("$sender")
for ((i = 1; i <= 200; i++)); do
    ask "outgoing $i."
    case $i in
    40 | 120) ask '/transport udp' ;;
    80 | 160) ask '/transport tcp' ;;
    esac
    sleep 0.01
done
wait "$sender"
is "dave's exit status" $? 0

numbers() { # NAME WORD: the numbers that NAME saw, in their order
    grep -oE "$2 [0-9]+\." "$TMP/$1.log" | grep -oE '[0-9]+'
}

eventually "carol's last line" logged watcher 'outgoing 200\.'
eventually "dave's last line" logged carol 'incoming 2000\.'
eventually "dave's last line" logged watcher 'incoming 2000\.'
is "carol's lines at the watcher's" "$(numbers watcher outgoing)" "$(seq 200)"
is "dave's lines at the watcher's" "$(numbers watcher incoming)" "$(seq 2000)"
is "dave's lines at carol's" "$(numbers carol incoming)" "$(seq 2000)"
! logged watcher 'carol.*(left|goodbye|gone|closed|timed)' || fail "a leave"

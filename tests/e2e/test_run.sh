#!/bin/bash
# SPDX-License-Identifier: MIT
# `make run`: the first one starts a server, the others join it, each terminal
# is another person.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# Ports that are free now; MAKE=true, as what is tested is built.
server_start
server_signal KILL
eventually "ports are free again" gone "$SERVER_PID"
run() { # NAME [VARIABLE=VALUE ...]
    terminal_start "$1" 80x24 env MAKE=true B="$B" TCP_PORT="$TCP" \
        UDP_PORT="$UDP" "${@:2}" tui/run.sh
}

me=$(id -un)
run one
joined one
PIDS+=("$(cat "$XDG_STATE_HOME/chat-server/pid")")
wait_for one "^&$me>" # who came first owns the room
run two
joined two
wait_for two "^$me-2>"
run three NICK=bob
joined three
wait_for three '^bob>'
say two 'hello from the second'
wait_for one "$me-2 +hello from the second"
wait_for three "$me-2 +hello from the second"

# The number of one who left is free again.
say two /quit
ends two 0
run four
joined four
wait_for four "^$me-2>"

tui/run.sh </dev/null >"$TMP/none.log" 2>&1
is "without a terminal" $? 69
check "it says so" logged none 'needs a terminal'

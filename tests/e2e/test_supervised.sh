#!/bin/bash
# SPDX-License-Identifier: MIT
# Started by systemd: sockets are taken over, it is told how the server is, and
# who comes while the server is restarted waits instead of being refused.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

log=$TMP/supervise.log
: >"$TMP/server.log"
JOURNAL_STREAM=$(stat -c %d:%i "$TMP/server.log") # as if journald read it
export JOURNAL_STREAM
coproc MASTER { exec "$B/tests/e2e/supervise" 200 "$TMP/chat.sock" \
    "$B/chat-server" --data "$TMP/server" >"$log" 2>"$TMP/server.log"; }
# shellcheck disable=SC2153 # coproc sets it
PIDS+=("$MASTER_PID")
disown "$MASTER_PID"

told() { # TIMES LINE: what the supervisor has been told
    [ "$(grep -cE -- "^$2\$" "$log")" -ge "$1" ]
}

number() { # NAME
    sed -n "s/^$1 //p" "$log" | tail -n 1
}

start() {
    echo start >&"${MASTER[1]}"
}

start
eventually "ready" told 1 READY=1
TCP=$(number tcp) UDP=$(number udp)
check "where" told 1 "STATUS=tcp=127.0.0.1:$TCP udp=127.0.0.1:$UDP unix=.*"
check "how grave" server_said '^<6>.*Z info store.ready '
eventually "signs of life" told 5 WATCHDOG=1
SERVER_PID=$(number pid)
PIDS+=("$SERVER_PID")

echo by tcp | send ann '#lobby' --tcp || fail "no TCP"
echo by udp | send ann '#lobby' --udp || fail "no UDP"
"$B/chat-tui" --socket "$TMP/chat.sock" -n ben --send '#lobby' <<<'by socket' ||
    fail "no Unix socket"

server_signal HUP
eventually "reloading" told 1 RELOADING=1
eventually "and ready again" told 2 READY=1

server_signal TERM
eventually "stopping" told 1 STOPPING=1
eventually "it ends well" told 1 'exit 0'
check "its socket is still there" [ -S "$TMP/chat.sock" ]

# Nobody serves now, and nobody is refused.
echo while it was away | send ann '#lobby' --tcp &
sender=$!
never 1 "said to nobody" gone "$sender"
start
eventually "ready" told 3 READY=1
PIDS+=("$(number pid)")
wait "$sender" || fail "who waited was turned away"

#!/bin/bash
# SPDX-License-Identifier: MIT
# What goes wrong at the start is said in one line, with an exit status.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start

# A port in use.
"$B/chat-server" --listen-tcp "127.0.0.1:$TCP" --listen-udp 127.0.0.1:0 \
    --data "$TMP/other" >"$TMP/other.log" 2>&1
is "port in use" $? 69
check "it says which" grep -q "127.0.0.1:$TCP" "$TMP/other.log"
"$B/chat-server" --listen-tcp 127.0.0.1:0 --listen-udp "127.0.0.1:$UDP" \
    --data "$TMP/other" >"$TMP/other.log" 2>&1
is "port in use" $? 69
check "it says which" grep -q "127.0.0.1:$UDP" "$TMP/other.log"

# Mistakes on the command line and in the configuration.
"$B/chat-server" --no-such-option 2>"$TMP/other.log"
is "unknown option" $? 64
"$B/chat-tui" --no-such-option 2>"$TMP/other.log"
is "unknown option" $? 64
echo 'no-such-key = 1' >"$TMP/bad.conf"
"$B/chat-server" -c "$TMP/bad.conf" --check-config 2>"$TMP/other.log"
is "bad configuration" $? 78
check "it says where" grep -q 'bad.conf:1' "$TMP/other.log"

"$B/chat-server" --user no.such --check-config >"$TMP/other.log" 2>&1
is "no such user" $? 67
check "it says which" grep -q 'there is no user no.such' "$TMP/other.log"

for option in --help --version --dump-protocol; do
    "$B/chat-server" $option >/dev/full 2>"$TMP/other.log"
    is "nowhere to print $option" $? 74
    check "it says so" grep -q 'standard output: No space' "$TMP/other.log"
done

# Nobody there: a full screen says so, waits and counts down; a pipe ends.
server_signal KILL
client_start alice 80x24 --tcp '#lobby'
wait_for alice '(refused|reconnect|retry)'
say alice /quit
ends alice 0
echo hello | TCP=1 UDP=1 send bob '#lobby' --tcp 2>"$TMP/other.log"
is "nobody there" $? 69
check "it says who" grep -q '127.0.0.1' "$TMP/other.log"
XDG_STATE_HOME=$TMP/c "$B/chat-tui" -s no-such-host.invalid --tls off \
    -n bob --send '#lobby' </dev/null 2>"$TMP/other.log"
is "no such host" $? 68

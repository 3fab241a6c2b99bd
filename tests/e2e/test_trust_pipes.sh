#!/bin/bash
# SPDX-License-Identifier: MIT
# Trust with nobody there to be asked: refused with a sentence and an exit
# status, unless something was said beforehand.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
key=$(server_key)
other=SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA

quoted() { # NAME TEXT, as it is
    grep -qF -- "$2" "$TMP/$1.log"
}

# far STATUS NICK OPTION...: send a line to a server that is not this machine.
far() {
    echo "hello from $2" | send "$2" '#lobby' -s "$FAR:$TCP/$UDP" "${@:3}" \
        2>"$TMP/$2.log"
    is "exit status of $2 with ${*:3}" $? "$1"
}

for way in --tcp --udp --transport=auto; do
    far 77 ann$way $way
    check "it says which key" quoted ann$way "$key"
    check "it says what to do" logged ann$way '--fingerprint SHA256:'
    far 77 ann$way $way --trust strict
    far 0 ann$way $way --fingerprint "$key"
    far 77 ann$way $way --fingerprint "$other"
    check "it says which is" quoted ann$way "$key"
    check "it says which should be" quoted ann$way "$other"
    far 77 ann$way $way --trust ask # nothing was kept
    far 0 ann$way $way --trust new
    far 0 ann$way $way
    far 0 ann$way $way --trust strict
done

# The same for those who listen, and for lines through a pipe.
XDG_STATE_HOME=$TMP/tail.state "$B/chat-tui" -s "$FAR:$TCP/$UDP" -n tail \
    --tail '#lobby' >"$TMP/tail.log" 2>&1
is "exit status of --tail" $? 77
check "it says which key" quoted tail "$key"
echo hello | XDG_STATE_HOME=$TMP/line.state "$B/chat-tui" -n line \
    -s "$FAR:$TCP/$UDP" --line >"$TMP/line.log" 2>&1
is "exit status of --line" $? 77
check "it says which key" quoted line "$key"

# This machine needs no word; a key of one's own is made, for oneself only.
echo hello | send dan '#lobby'
is "exit status of dan" $? 0
is "mode of the key" "$(stat -c %a "$TMP/dan.state/chat/client-key.pem")" 600
cp "$TMP/dan.state/chat/client-key.pem" "$TMP/before.pem"
echo hello | send dan '#lobby'
check "the same key" cmp "$TMP/before.pem" "$TMP/dan.state/chat/client-key.pem"
chmod 644 "$TMP/dan.state/chat/client-key.pem"
echo hello | send dan '#lobby' 2>"$TMP/dan.log"
is "exit status of dan without the key of the name" $? 77
check "it says so" logged dan 'client-key.pem.*chmod 600'

# A changed key is refused under every mode.
server_signal KILL
eventually "server gone" gone "$SERVER_PID"
rm "$TMP/server/key.pem" "$TMP/server/cert.pem"
server_start
for mode in ask new strict; do
    far 77 ann--tcp --tcp --trust $mode
    check "it says what happened" logged ann--tcp 'HAS CHANGED'
    check "it says where" logged ann--tcp \
        "line 3 of $TMP/ann--tcp.state/chat/known_servers"
done
sed -i 3d "$TMP/ann--tcp.state/chat/known_servers"
far 0 ann--tcp --tcp --trust new

# Clear text only when both say so.
server_signal KILL
eventually "server gone" gone "$SERVER_PID"
server_start --tls off
far 0 eve --tls off
check "it says so" logged eve 'read along'
far 69 eve --tcp --fingerprint "$key"

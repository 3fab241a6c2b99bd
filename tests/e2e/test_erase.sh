#!/bin/bash
# SPDX-License-Identifier: MIT
# What is kept of a person is handed out, and taken away: from the log, from
# the screens of the others, and from backups made later.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

ctl() {
    "$B/chatctl" --socket "$TMP/server/control.sock" "$@" \
        >"$TMP/ctl.log" 2>"$TMP/ctl.err.log"
}

server_start
client_start bob 80x24 --tcp '#lobby'
joined bob
client_start Mallory 80x24 --udp '#lobby'
joined Mallory
say Mallory 'my "secret" is walnut'
wait_for bob 'secret" is walnut'
say Mallory '/nick mallet'
wait_for bob 'mallet'
say Mallory '/me hides a cashew'
wait_for bob 'hides a cashew'
say bob 'I say nothing'
wait_for Mallory 'bob +I say nothing'

say bob '/role mallet moderator'
wait_for bob 'bob made mallet a moderator'

ctl export mallet || fail "$(cat "$TMP/ctl.err.log")"
check "who" logged ctl '^\{"account":[0-9]+,"nick":"mallet","devices":1,"rooms":1,"rank":"user","password":false,"keys":\[\{"key":"SHA256:[^"]+",.*"revoked":false\}\]\}$'
check "a line" logged ctl '"room":"#lobby",.*"kind":"MESSAGE","nick":"Mallory","text":"my \\"secret\\" is walnut"\}$'
check "the rest" logged ctl '"kind":"ACTION","nick":"mallet","text":"hides a cashew"'
check "nothing of others" test "$(grep -c bob "$TMP/ctl.log")" = 0
account=$(sed -n '1s/{"account":\([0-9]*\).*/\1/p' "$TMP/ctl.log")
ctl export nobody
is "exit status: who?" $? 67

ctl erase mallet || fail "$(cat "$TMP/ctl.err.log")"
check "how much" logged ctl '^erased +[0-9]+$'
wait_gone bob 'walnut'
wait_gone bob 'cashew'
check "others stay" sees bob 'bob +I say nothing'
ctl accounts
check "there is none" test "$(grep -ci mall "$TMP/ctl.log")" = 0
ctl export "$account" || fail "$(cat "$TMP/ctl.err.log")"
check "tombstones" logged ctl '"kind":"MESSAGE","nick":"erased","text":""\}$'
check "no more than that" test "$(grep -ciE 'mall|walnut|cashew' "$TMP/ctl.log")" = 0

# Who comes later sees the same, and so does the next server.
ctl backup "$TMP/copy.db" || fail "$(cat "$TMP/ctl.err.log")"
check "nor in a backup" test "$(grep -caiE 'mall|walnut|cashew' "$TMP/copy.db")" = 0
server_signal TERM
eventually "the server ends" gone "$SERVER_PID"
check "nor in the file" test "$(grep -caiE 'mall|walnut|cashew' "$TMP/server/chat.db")" = 0
server_start
client_start carol 80x24 --tcp '#lobby'
wait_for carol 'bob +I say nothing'
check "nothing of it" blind carol 'walnut|cashew|[Mm]all'

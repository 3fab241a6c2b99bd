#!/bin/bash
# SPDX-License-Identifier: MIT
# A store that is damaged: found while the server runs, it is said and logged;
# so heavily that the server cannot start, it says which file and what to do.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

db=$TMP/server/chat.db

stop() {
    server_signal TERM
    eventually "it ends" gone "$SERVER_PID"
}

scribble() { # PAGE
    dd if=/dev/zero bs=4096 count=1 2>/dev/null | tr '\0' Z |
        dd of="$db" bs=4096 seek="$1" conv=notrunc 2>/dev/null
}

pages() {
    echo $(($(stat -c %s "$db") / 4096))
}

refused() { # WHAT
    timeout 20 "$B/chat-server" --listen-tcp 127.0.0.1:0 --listen-udp off \
        --data "$TMP/server" >"$TMP/refused.log" 2>&1
    is "$1: exit status" $? 65
    check "$1: which file, and what to do" logged refused \
        "^chat-server: $db: .*; put back a backup, .*chat-server\\(8\\)"
}

server_start --rate-limit off
seq -f 'line %g of many that are said before something happens' 1000 |
    send ann '#lobby' || fail "cannot talk"
stop
cp "$db" "$TMP/good"

# Where lines are, which nobody reads now.
scribble $(($(pages) - 4))
server_start
"$B/chatctl" --socket "$TMP/server/control.sock" check store \
    >"$TMP/ctl.log" 2>"$TMP/ctl.err.log"
is "exit status of the check" $? 65
check "what is wrong" logged ctl.err '^chatctl: check: .*[Pp]age [0-9]+.*; put back'
check "it is logged" server_said 'error store.damaged why=".*[Pp]age [0-9]+'
"$B/chatctl" --socket "$TMP/server/control.sock" backup "$TMP/copy" \
    >"$TMP/ctl.log" 2>"$TMP/ctl.err.log"
is "exit status of a copy of that" $? 65
check "there is none" test ! -e "$TMP/copy"
stop

# What has to be read to start, and what SQLite needs to know of it.
cp "$TMP/good" "$db"
for ((page = 5; page < 20; page++)); do
    scribble "$page"
done
refused "tables that cannot be read"
cp "$TMP/good" "$db"
truncate -s $((3 * 4096)) "$db"
refused "a part of a file"
echo 'this is no database' >"$db"
refused "something else"

# As the manual says.
rm -f "$db-wal" "$db-shm"
cp "$TMP/good" "$db"
server_start
check "the backup is good" server_said 'store.ready .*restored=1'

#!/bin/bash
# SPDX-License-Identifier: MIT
# The server dies and comes back: what was said is there, once, and it is the
# same history.  An older state of it that was put back is another one: the
# clients say so, hang nowhere and show nothing twice.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start() {
    server_start --rate-limit off --heartbeat 300 --late 600 --gone 2000
}

start
client_start alice 80x24 --tcp '#lobby'
client_start bob 80x24 --udp '#lobby'
joined alice
joined bob
say alice 'before the crash'
wait_for bob 'before the crash'

server_signal KILL
wait_for alice 'connection lost'
say alice 'typed meanwhile'
wait_for alice 'typed meanwhile'
start
wait_for bob 'alice +typed meanwhile'
say bob 'after the crash'
wait_for alice 'bob +after the crash'
for name in alice bob; do
    for line in 'before the crash' 'typed meanwhile' 'after the crash'; do
        is "$name has once: $line" "$(times "$name" "$line")" 1
    done
    check "$name goes on in the same history" blind "$name" 'new history'
done
check "it was checked" server_said 'store.ready .*checked=1'

# Who comes later finds it all.
client_start carol 80x24 --tcp '#lobby'
wait_for carol 'alice +before the crash'
wait_for carol 'alice +typed meanwhile'
wait_for carol 'bob +after the crash'

# In order it is not checked; it is there all the same.
server_signal TERM
eventually "the server ends" gone "$SERVER_PID"
cp "$TMP/server/chat.db" "$TMP/backup.db"
check "nothing is left beside it" test ! -s "$TMP/server/chat.db-wal"
start
check "not checked" server_said 'store.ready .*new=0 restored=0 checked=0'
joined alice
joined bob
say alice 'after the backup'
wait_for bob 'after the backup'

# The backup takes the place of what there is now.
server_signal TERM
eventually "the server ends" gone "$SERVER_PID"
cp "$TMP/backup.db" "$TMP/server/chat.db"
start
check "that is seen" server_said 'store.ready .*restored=1'
wait_for alice 'the server has begun a new history'
wait_for bob 'the server has begun a new history'
say bob 'in the history put back'
wait_for alice 'bob +in the history put back'
say alice 'and once more'
wait_for bob 'alice +and once more'
for name in alice bob; do
    is "once" "$(times "$name" 'in the history put back')" 1
    is "once" "$(times "$name" 'after the backup')" 1
done

#!/bin/bash
# SPDX-License-Identifier: MIT
# Backups while fifty people talk: whatever had been acknowledged before is in
# each.  The last one is put back, and a server goes on from there; clients are
# told that it is another history.  The file can be checked meanwhile.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

"$B/tests/e2e/storm" "$B/chat-server" "$TMP/server" "${COPIES:-5}" 50 \
    "$B/chatctl" >"$TMP/storm.log" 2>&1 || fail "$(tail -n 3 "$TMP/storm.log")"
check "it is not to be read by others" test "$(stat -c %a "$TMP/server/copy")" = 600
mv "$TMP/server/copy" "$TMP/copy"

ctl() {
    "$B/chatctl" --socket "$TMP/server/control.sock" "$@" \
        >"$TMP/ctl.log" 2>"$TMP/ctl.err.log"
}

epoch() {
    ctl --json status && sed 's/.*"epoch":"\([^"]*\)".*/\1/' "$TMP/ctl.log"
}

# It is put back where the history has gone on: that is another one.
server_start
before=$(epoch)
client_start alice 80x24 --tcp '#storm'
joined alice
server_signal TERM
eventually "the server ends" gone "$SERVER_PID"
cp "$TMP/copy" "$TMP/server/chat.db"
server_start
check "it is known" server_said 'store.ready .*new=0 restored=1 checked=1'
check "it is another history" test "$(epoch)" != "$before"
say alice 'after the restore'
client_start bob 80x24 --udp '#storm'
wait_for bob 'alice +after the restore'
ctl check store || fail "$(cat "$TMP/ctl.err.log")"
check "it is good" logged ctl '^good '

# A file that is there is left alone, and so is what is no place for one.
cd "$TMP" || exit 70
echo mine >copy.db
ctl backup copy.db
is "exit status: it is there" $? 73
is "what is in it" "$(cat copy.db)" mine
ctl backup "$TMP/nowhere/copy.db"
is "exit status: no such directory" $? 73
check "it says which" logged ctl.err "$TMP/nowhere/copy.db: No such file"
ctl --json backup second.db || fail "$(cat "$TMP/ctl.err.log")"
check "how much" logged ctl '^\{"copied_bytes":([0-9]+),"of_bytes":\1}$'
check "nothing else is left" test ! -e second.db.part
check "it is whole" grep -q 'after the restore' second.db
ln -s "$TMP/server" "$TMP/link"
ctl backup "$TMP/link/third.db" || fail "$(cat "$TMP/ctl.err.log")"
check "through a link to a directory" test -s "$TMP/server/third.db"
ctl check stores
is "exit status: what?" $? 64

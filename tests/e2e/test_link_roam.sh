#!/bin/bash
# SPDX-License-Identifier: MIT
# The address of two people changes while they talk over udp, as behind a
# translator of addresses that forgets: they go on, and nobody connects again.
# Who only listens is heard of again with the next heartbeat.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

connections() {
    grep -c 'session.open' "$TMP/server.log"
}

link_start 'delay=10ms'
server_start
for name in alice bob; do
    client_start $name 80x24 --udp '#lobby'
    joined $name
done
before=$(connections)
for change in 'ports=32768' 'address=1,ports=0'; do
    link_set "dir=ab,$change"
    say alice "alice after $change"
    wait_for bob "alice +alice after $change"
    say bob "bob after $change"
    wait_for alice "bob +bob after $change"
done
is "connections" "$(connections)" "$before"
! sees bob 'connected again' || fail "bob connected again"

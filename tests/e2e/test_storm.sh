#!/bin/bash
# SPDX-License-Identifier: MIT
# The server is killed at random while fifty people talk, over TCP and UDP, some
# in clear text: whatever it has acknowledged is there once, in order, in the
# store and at every reader.  KILLS=200 for a long run.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

"$B/tests/e2e/storm" "$B/chat-server" "$TMP/server" "${KILLS:-10}" 50 \
    >"$TMP/storm.log" 2>&1 || fail "$(tail -n 3 "$TMP/storm.log")"

#!/bin/bash
# SPDX-License-Identifier: MIT
# A server for the occasion leaves when nobody has been there for a while.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

conf=$TMP/server.conf
echo 'idle-exit = 60' >"$conf"
server_start -c "$conf"
client_start alice 80x24 --tcp '#lobby'
joined alice
echo 'idle-exit = 1' >"$conf"
server_signal HUP
eventually "it has less patience" server_said 'key="idle-exit"'
never 2 "leaves while somebody is there" gone "$SERVER_PID"
say alice /quit
ends alice 0
eventually "the server leaves" gone "$SERVER_PID"
check "the log says why" server_said 'info server.stop why="idle-exit"$'

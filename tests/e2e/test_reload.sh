#!/bin/bash
# SPDX-License-Identifier: MIT
# SIGHUP: the configuration is read again; mistakes change nothing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

conf=$TMP/server.conf
echo 'topic-bytes = 100' >"$conf"
server_start -c "$conf"
client_start alice 80x24 --tcp '#lobby'
joined alice

echo 'topic-bytes = 200' >"$conf"
server_signal HUP
eventually "it says what it took" server_said 'topic-bytes.*200'
echo 'topic-bytes = plenty' >"$conf"
server_signal HUP
eventually "it says what is wrong" server_said 'server.conf:1'
say alice 'still here'
wait_for alice 'alice +still here'
check "the server lives" kill -0 "$SERVER_PID"

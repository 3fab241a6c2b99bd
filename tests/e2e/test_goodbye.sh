#!/bin/bash
# SPDX-License-Identifier: MIT
# SIGTERM: the server says goodbye and when to come back, and ends.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
client_start alice 80x24 --tcp '#lobby'
client_start bob 80x24 --udp '#lobby'
joined alice
joined bob
server_signal TERM
wait_for alice 'going down|shutting down|restart'
wait_for bob 'going down|shutting down|restart'
eventually "the server ends" gone "$SERVER_PID"
wait_for alice '[0-9]+ ?s'
server_start
joined alice
joined bob
say alice 'back again'
wait_for bob 'alice +back again'

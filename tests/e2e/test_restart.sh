#!/bin/bash
# SPDX-License-Identifier: MIT
# The server dies and comes back with an empty memory: a new epoch.  The
# clients say so, hang nowhere and show nothing twice.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start --rate-limit off --heartbeat 300 --late 600 --gone 2000
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
server_start --rate-limit off --heartbeat 300 --late 600 --gone 2000
wait_for alice 'the server has begun a new history'
wait_for bob 'the server has begun a new history'
wait_for bob 'alice +typed meanwhile'
say bob 'after the crash'
wait_for alice 'bob +after the crash'
is "once" "$(times alice 'typed meanwhile')" 1
is "once" "$(times bob 'typed meanwhile')" 1
is "once" "$(times bob 'after the crash')" 1
is "once" "$(times bob 'before the crash')" 1

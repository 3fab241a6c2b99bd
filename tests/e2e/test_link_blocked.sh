#!/bin/bash
# SPDX-License-Identifier: MIT
# UDP is blocked, from the start or in mid-session: it goes on over tcp, and
# what was said in between arrives once.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

link_start 'delay=10ms'
server_start
client_start alice 80x24 '#lobby'
joined alice
wait_for alice 'udp '
link_set 'block=udp'
client_start bob 80x24 '#lobby'
joined bob
wait_for bob 'tcp '
say alice 'is this thing on?'
wait_for bob 'alice +is this thing on'
wait_for alice 'tcp '
say bob 'it is now'
wait_for alice 'bob +it is now'
is "the line at bob's" "$(times bob 'alice +is this thing on')" 1
is "the line at alice's" "$(times alice 'alice +is this thing on')" 1

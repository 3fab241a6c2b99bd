#!/bin/bash
# SPDX-License-Identifier: MIT
# What was typed while the server was away survives a killed client and
# goes out once.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start --rate-limit off
client_start alice 80x24 --tcp '#lobby'
client_start bob 80x24 --tcp '#lobby'
joined alice
joined bob
say alice 'first'
wait_for bob 'alice +first'

server_signal STOP
for word in second third fourth; do
    say alice "$word line"
    wait_for alice "$word line"
done
client_signal alice KILL
eventually "alice is dead" client_ended alice
server_signal CONT
never 1 "heard from the dead" sees bob 'fifth'
terminal alice kill-server
client_start alice 80x24 --udp '#lobby'
for word in second third fourth; do
    wait_for bob "alice +$word line"
    is "$word, once" "$(times bob "$word line")" 1
done
say alice 'fifth line'
wait_for bob 'alice +fifth line'
is "order" "$(screen bob | grep -oE '(first|second|third|fourth|fifth)')" \
    "$(printf 'first\nsecond\nthird\nfourth\nfifth')"

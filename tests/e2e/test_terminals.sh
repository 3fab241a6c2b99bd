#!/bin/bash
# SPDX-License-Identifier: MIT
# Terminals and locales one does not choose.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
client_start alice 80x24 --tcp '#lobby'
joined alice

# A dumb terminal has no cursor: line by line, or a word of advice.
PANE_TERM=dumb client_start dumb 80x24 --tcp '#lobby'
if sees alice 'dumb' || eventually "line mode or advice" \
    sees dumb '(--line|lobby)'; then :; fi

# Nobody knows this terminal.
PANE_TERM=no-such-terminal client_start odd 80x24 --tcp '#lobby'
wait_for odd '(lobby|terminal)'

# No locale at all: UTF-8 all the same.
terminal_start plain 80x24 env LC_ALL=C XDG_STATE_HOME="$TMP/plain.state" \
    "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" -n plain --tcp '#lobby'
joined plain
say alice '你好 plain'
wait_for plain '你好 plain'

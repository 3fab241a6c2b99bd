#!/bin/bash
# SPDX-License-Identifier: MIT
# Terminals and locales one does not choose.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
client_start alice 80x24 --tcp '#lobby'
joined alice

# A dumb terminal cannot move its cursor: line by line, then.
PANE_TERM=dumb client_start dumb 80x24 --tcp '#lobby'
wait_for alice 'dumb joined'
say alice 'hello dumb'
wait_for dumb 'alice.*hello dumb'
say dumb 'hello smart'
wait_for alice 'dumb +hello smart'

# Nobody knows this terminal: said on standard error, not drawn at random.
terminal_start odd 80x24 env TERM=no-such-terminal \
    sh -c "$B/chat-tui -s 127.0.0.1:$TCP/$UDP -n odd 2>$TMP/odd.log"
ends odd 69
check "it says why" logged odd 'no-such-terminal'

# No locale at all: UTF-8 all the same.
terminal_start plain 80x24 env LC_ALL=C XDG_STATE_HOME="$TMP/plain.state" \
    "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" -n plain --tcp '#lobby'
joined plain
say alice '你好 plain'
wait_for plain '你好 plain'

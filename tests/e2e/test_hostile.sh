#!/bin/bash
# SPDX-License-Identifier: MIT
# A peer that sends what terminals obey: nothing of it reaches the terminal,
# neither through our server nor from a server that is the attacker.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

HOSTILE=$B/tests/e2e/hostile
[ -x "$HOSTILE" ] || skip "make tests builds $HOSTILE"

# What a terminal has let happen: title, alternate screen, bell, clipboard.
unharmed() { # NAME
    is "$1: title" "$(terminal "$1" display -p -t main '#{pane_title}')" "$2"
    is "$1: alternate screen" \
        "$(terminal "$1" display -p -t main '#{alternate_on}')" 1
    is "$1: clipboard" "$(terminal "$1" list-buffers)" ''
    blind "$1" '^ *PWNED' || fail "$1: text at the start of a row"
}

server_start --rate-limit off
client_start alice 100x40 --tcp '#lobby'
joined alice
pipe_start line --line --tcp '#lobby'
pipe_start tail --tail '#lobby' --tcp
wait_for alice 'line joined'
wait_for alice 'tail joined'
title=$(terminal alice display -p -t main '#{pane_title}')
check "the attack" "$HOSTILE" client "$TCP" '#lobby' >"$TMP/hostile.log"
wait_for alice 'the end\.'
unharmed alice "$title"
say alice 'still in order'
wait_for alice 'alice +still in order'

# In pipes as well: no control but LF, no bidi override, no tag.
eventually "the pipes have it all" logged line 'the end\.'
eventually "the pipes have it all" logged tail 'the end\.'
for log in line tail; do
    ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$TMP/$log.log" ||
        fail "$log: a control character"
    ! grep -qP '[\x{80}-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{e0000}-\x{e007f}]' \
        "$TMP/$log.log" || fail "$log: an invisible control"
done

# The server is the attacker: every field that is ever shown.
"$HOSTILE" server >"$TMP/port" &
PIDS+=("$!")
eventually "it listens" test -s "$TMP/port"
TCP=$(cat "$TMP/port")
client_start bob 100x40 --tls off --tcp '#lobby'
wait_for bob 'the end\.'
title=$(terminal bob display -p -t main '#{pane_title}')
case $title in *PWNED*) fail "bob: title $title" ;; esac
unharmed bob "$title"
press bob F8
press bob C-l
wait_for bob 'the end\.'
say bob /quit
ends bob 0

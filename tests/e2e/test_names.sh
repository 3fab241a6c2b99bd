#!/bin/bash
# SPDX-License-Identifier: MIT
# Whose a name is: another key is refused it and told what to do, a code makes
# it one more, a revoked one is out; over the socket it is the system's word.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# Another machine: other keys, other state.
elsewhere() { # COMMAND...
    env HOME="$TMP/home2" XDG_STATE_HOME="$TMP/state2" \
        XDG_CONFIG_HOME="$TMP/config2" "$@"
}

never_said() {
    ! server_said "$1"
}

server_start --listen-unix "$TMP/socket"
client_start amy 80x24 -n amy --tcp --trust new
joined amy


elsewhere "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" --tcp --trust new -n amy \
    --send '#lobby' </dev/null >"$TMP/refused.log" 2>&1
is "exit status of another key" $? 77
check "what it is told" grep -q -- '--code' "$TMP/refused.log"
eventually "it in the log" server_said 'auth.refused.*another key'

type_keys amy '/devices add'
press amy Enter
wait_for amy '[0-9A-Z]{4}-[0-9A-Z]{4}'
code=$(screen amy | grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}' | head -n 1)
echo 'from my other machine' |
    elsewhere "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" --tcp --trust new -n amy \
        --code "$code" --send '#lobby' >"$TMP/coded.log" 2>&1
is "exit status with the code" $? 0
wait_for amy 'amy +from my other machine'

type_keys amy '/devices revoke 2'
press amy Enter
eventually "the revocation in the log" server_said 'account.revoke'
elsewhere "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" --tcp --trust new -n amy \
    --send '#lobby' </dev/null >"$TMP/revoked.log" 2>&1
is "exit status of a revoked key" $? 77
eventually "it in the log" server_said 'auth.refused.*revoked'

# The socket is found without being named, and there one is who one is.
me=$(id -un)
pipe_start tail --tail '#lobby' --json --last 5
CHAT_SOCKET=$TMP/socket "$B/chat-tui" --send '#lobby' <<<'over the socket' \
    >"$TMP/socket.log" 2>&1
is "exit status over the socket" $? 0
eventually "the line" logged tail 'over the socket'
check "whose it is" grep -q "\"$me\".*over the socket" "$TMP/tail.log"
other=nobody
[ "$me" != nobody ] || other=root
"$B/chat-tui" --socket "$TMP/socket" -n "$other" --send '#lobby' </dev/null \
    >"$TMP/other.log" 2>&1
is "exit status as another user" $? 77
eventually "it in the log" server_said 'auth.refused.*login name of another'

# A password, for a machine that has no key of hers.
type_keys amy '/password'
press amy Enter
wait_for amy 'new password:'
type_keys amy 'correct horse'
wait_for amy '\*\*\*\*\*\*\*\*\*\*\*\*\*'
press amy Enter
eventually "it is set" server_said 'account.password'
check "it is nowhere to be seen" blind amy 'correct horse'
press amy Up
check "nor remembered" blind amy 'correct horse'
check "nor in the log" never_said 'correct horse'

cafe() {
    terminal_start "$1" 80x24 env HOME="$TMP/$1" XDG_STATE_HOME="$TMP/$1.s" \
        XDG_CONFIG_HOME="$TMP/$1.c" "$B/chat-tui" \
        -s "127.0.0.1:$TCP/$UDP" --tcp --trust new -n amy --password
    wait_for "$1" 'password of amy:'
    type_keys "$1" "$2"
    press "$1" Enter
}
cafe thief 'wrong horse'
eventually "a wrong one in the log" server_said 'auth.refused.*a wrong password'
cafe cafe 'correct horse'
wait_for cafe 'from my other machine'
check "not shown" blind cafe 'correct horse'

#!/bin/bash
# SPDX-License-Identifier: MIT
# A password is set without a full screen: from a pipe, on a terminal that shows
# nothing of it, and in line mode; and each opens the name.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

amy() { # ARGUMENT...: with the key of amy
    XDG_STATE_HOME=$TMP/amy.state "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" \
        --tcp --trust new -n amy "$@"
}

amy_at() { # TERMINAL ARGUMENT...: the same, in a terminal
    terminal_start "$1" 80x24 env XDG_STATE_HOME="$TMP/amy.state" \
        "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" --tcp --trust new -n amy "${@:2}"
}

enter() { # TERMINAL TEXT
    type_keys "$1" "$2"
    press "$1" Enter
}

opens() { # TERMINAL PASSWORD: a machine that amy was never at
    terminal_start "$1" 80x24 env XDG_STATE_HOME="$TMP/$1.s" "$B/chat-tui" \
        -s "127.0.0.1:$TCP/$UDP" --tcp --trust new -n amy --password
    wait_for "$1" 'password of amy:'
    enter "$1" "$2"
    wait_for "$1" '#lobby'
    joined "$1"
}

set_in_all() { # N: passwords, as hashing takes a while
    [ "$(grep -c account.password "$TMP/server.log")" = "$1" ]
}

server_start
amy --send '#lobby' <<<'hello' >"$TMP/first.log" 2>&1
is "exit status of the first line" $? 0

amy --set-password <<<'correct horse' >"$TMP/pipe.log" 2>&1
is "exit status from a pipe" $? 0
is "what it says" "$(grep -vi key "$TMP/pipe.log")" ""
eventually "it in the log" set_in_all 1
opens one 'correct horse'

amy --set-password <<<'short' >"$TMP/short.log" 2>&1
is "exit status of a short one" $? 77
check "why" grep -q 'a password has from 8' "$TMP/short.log"
amy --set-password </dev/null >"$TMP/none.log" 2>&1
is "exit status of none" $? 65

# On a terminal: twice the same, unseen.
amy_at two --set-password
wait_for two 'new password of amy:'
enter two 'battery staple'
wait_for two 'once more:'
enter two 'battery stapler'
ends two 65
wait_for two 'two different ones'
amy_at three --set-password
wait_for three 'new password of amy:'
enter three 'battery staple'
wait_for three 'once more:'
enter three 'battery staple'
ends three 0
check "nothing is seen" blind three 'battery|staple'
opens four 'battery staple'

# Line by line, on a terminal and in a pipe.
amy_at five --line
wait_for five 'connected|hello'
enter five /password
wait_for five 'type the new password'
enter five 'a third horse'
wait_for five 'once more:'
enter five 'a third horse'
wait_for five 'the password is being set'
check "nothing is seen" blind five 'third horse'
enter five 'this is seen'
wait_for five 'this is seen'
check "it was not said" blind one 'third horse'
eventually "it in the log" set_in_all 3
opens six 'a third horse'
wait_for six 'amy +this is seen'
enter five /quit
ends five 0
printf '/password\nthe fourth one\n' | amy --line >"$TMP/line.log" 2>&1
check "not said" blind six 'the fourth one'
opens seven 'the fourth one'
! server_said 'fourth one|third horse|battery' || fail "it is in the log"

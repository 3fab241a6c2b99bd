#!/bin/bash
# SPDX-License-Identifier: MIT
# Keeping order in a room: who made it silences, throws out, bans and invites,
# with everybody told why, and shown who is what and how the room is; and the
# operator does it for the whole server.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command_of() { # NAME COMMAND
    type_keys "$1" "$2"
    press "$1" Enter
}

control() {
    "$B/chatctl" --socket "$TMP/server/control.sock" "$@"
}

server_start --registration invite --rate-limit off
client_start amy 100x24 -n amy --tcp '#tea'
joined amy
client_start bob 100x24 -n bob --udp '#tea'
joined bob

command_of bob '/kick amy'
wait_for bob 'not allowed'
command_of amy '/mute bob 1h too loud'
wait_for bob 'amy muted bob for 1 h \(too loud\)'
check "no quote" blind bob '> bob: bob joined'
wait_for bob '^!bob> you may only listen here'
wait_for bob '\+!bob'
wait_for bob '\+&amy'
wait_for amy '^&amy>'
say bob 'may I?'
wait_for bob 'not sent: you may only listen here for'
wait_for bob '^!bob> may I\?' # still there
press bob C-c
command_of amy '/unmute bob'
wait_for bob 'amy lets bob talk again'
wait_for bob '^bob>'
say bob 'thank you'
wait_for amy 'bob +thank you'

command_of amy '/role bob moderator'
wait_for bob 'amy made bob a moderator'
wait_for bob '^@bob>'
wait_for amy '\+@bob'
command_of amy '/role bob member'
wait_for bob 'amy made bob a member'
wait_for bob '^bob>'

command_of amy '/room slow 7'
wait_for bob '#tea \[slow 7s\]'
say bob 'first'
wait_for amy 'bob +first'
say bob 'second'
wait_for bob 'slow mode, a line every 7 s'
wait_for bob '1 unsent, slow mode: [1-7] s'
wait_for amy 'bob +second'
command_of bob '/mode'
wait_for bob '#tea: anybody may enter'
wait_for bob 'you are a member here'
pipe_start line --line --tcp '#tea'
eventually "how the room is" logged line '#tea -- anybody may enter; .*7 s between'
echo /names >"$TMP/line.in"
eventually "who is what in it" logged line 'amy: here, owner'
eventually "who is nothing more" logged line 'bob: here, [0-9]+ms'
command_of amy '/room slow off'
command_of amy '/kick bob that will do'
wait_for bob 'amy threw bob out \(that will do\)'
command_of amy '/room secret'
wait_for amy 'changed the room: access=secret'
command_of bob '/join #tea'
wait_for bob 'no such room'
command_of amy '/invite bob'
wait_for bob 'amy invites you to #tea'
command_of bob '/join #tea'
wait_for amy 'bob joined'
command_of amy '/ban bob 10m enough'
wait_for amy 'amy banned bob for 10 min \(enough\)'
command_of amy '/ban'
wait_for amy 'bob: banned for 10 min, by amy \(enough\)'

# It outlives the server.
server_signal KILL
eventually "server gone" gone "$SERVER_PID"
server_start --registration invite --rate-limit off
command_of bob '/clear'
wait_gone bob 'no such room'
command_of bob '/join #tea'
wait_for bob 'no such room'

# The operator: an invitation, a ban, a rank.
code=$(control --json invite | grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}')
"$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" --trust new --send '#lobby' -n eve --code "$code" <<<hello >"$TMP/eve.log" 2>&1
is "exit status with an invitation" $? 0
check "an admin" control rank eve user

# A guest with an invitation is one no more, and loses nothing.
nina() { # ARGUMENT...
    XDG_STATE_HOME=$TMP/nina.state "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" \
        --trust new --send '#nina' -n nina "$@" <<<hello >"$TMP/nina.log" 2>&1
}
nina
is "exit status of a guest" $? 0
code=$(control --json invite | grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}')
nina --code AAAA-AAAA
is "exit status with a wrong code" $? 77
check "why" logged nina 'this code is not, or no longer, good'
nina --code "$code"
is "exit status with an invitation" $? 0
check "she has a key" server_said 'account.key .*nick="nina"'
nina --code "$code"
is "exit status of who is known" $? 0
control ban eve 1h 'no more' >"$TMP/ban.log"
is "exit status of a ban" $? 0
check "until when" logged ban '^until +20[0-9]+-[0-9]+-[0-9]+T'
check "why" logged ban '^why +no more$'
"$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" --trust new --send '#lobby' -n eve </dev/null >"$TMP/eve.log" 2>&1
is "exit status of who is banned" $? 77
eventually "it in the log" server_said 'auth.refused.*banned by the operator'
check "no ban" control unban eve
"$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" --trust new --send '#lobby' -n eve <<<hello >"$TMP/eve.log" 2>&1
is "exit status of who is not" $? 0

# By the key, whatever the name; and from one room, which its members see.
key=$(control --json sessions | sed -n 's/.*"nick":"amy".*"key":"\([^"]*\)".*/\1/p')
check "a ban of a key" control ban SHA256:CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 60
check "a ban of a network" control ban 203.0.113.7/24 for good
check "a ban from a room" control ban eve '#tea' 600 'not here'
wait_for amy 'operator banned eve for 10 min \(not here\)'
server_signal KILL
eventually "server gone" gone "$SERVER_PID"
server_start --registration invite --rate-limit off
joined amy
check "all are there" [ "$(control --json bans | grep -c '"by":"operator"')" = 3 ]
control bans '#tea' >"$TMP/bans.log"
check "who is kept out of it" logged bans '^eve +#tea +account .* not here$'
check "none of a network" control unban 203.0.113.0/24
control unban 203.0.113.0/24 2>"$TMP/unban.log"
is "exit status of what is not there" $? 67
check "the key of one who is in" control ban "$key" 600 'enough, amy'
wait_for amy 'you are kept out \(enough, amy\)'
sees amy 'goes back' && fail "amy is told that she can go back"
say amy /reconnect
wait_for amy 'you are kept out, again in'

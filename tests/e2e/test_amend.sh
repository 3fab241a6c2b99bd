#!/bin/bash
# SPDX-License-Identifier: MIT
# Lines are answered, edited, taken back and reacted to; who comes later, and
# who was there before a crash of the server, sees the same.  What was said is
# found by its words, and what was taken back is not.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

start() {
    server_start --rate-limit off --heartbeat 300 --late 600 --gone 2000
}

start
client_start alice 90x24 --tcp '#lobby'
joined alice # first: the room is hers
client_start 李伟 90x24 --udp '#lobby'
joined 李伟

say alice 'lunch at twelfe?'
wait_for 李伟 'lunch at twelfe'
say alice '/edit lunch at twelve?'
wait_for 李伟 'lunch at twelve\? \(edited\)'
say 李伟 '/versions'
wait_for 李伟 'not allowed'
say alice '/versions'
wait_for alice 'until [0-9]+ s ago: lunch at twelfe\?'
say 李伟 '/react 👍'
wait_for alice 'twelve\? \(edited\) +👍'
say 李伟 '/reply ^twelve 好的，十二点见'
wait_for alice '> alice: lunch at twelve'
wait_for alice '李伟 +好的，十二点见'

say 李伟 '/pin ^twelve'
wait_for alice '李伟 pinned a message'
wait_for alice 'twelve\? \(edited\) \(pinned\) +👍'
say alice '/pins'
wait_for alice 'alice: lunch at twelve'
press alice Escape

say 李伟 'my passwort is hunter2'
wait_for alice hunter2
say 李伟 '/edit never mind'
wait_for alice 'never mind \(edited\)'
say alice '/clear'
wait_gone alice 'hunter2'
say alice '/history'
wait_for alice 'never mind'
say alice '/versions ^never' # who made the room keeps order there
wait_for alice 'until [0-9]+ s ago: my passwort is hunter2'
say 李伟 '/delete gone'
wait_for alice 'taken back by 李伟: gone'
say alice '/clear'
wait_gone alice hunter2
say alice 'my password is hunter2'
wait_for 李伟 'password is hunter2'
say alice '/delete wrong window'
wait_for 李伟 '\(taken back by alice: wrong window\)'
check "it is gone from the screen" blind 李伟 hunter2

server_signal KILL
wait_for alice 'connection lost'
start
wait_for alice ' ok'
client_start carol 90x24 --tcp '#lobby'
wait_for carol 'lunch at twelve\? \(edited\) \(pinned\) +👍'
wait_for carol '> alice: lunch at twelve'
wait_for carol '\(taken back by alice: wrong window\)'
check "who comes later does not see it" blind carol hunter2

say carol '/search 十二'
wait_for carol 'Found: 十二'
wait_for carol '李伟: 好的，十二点见'
press carol Escape
say carol '/goto 1'
wait_for carol '> alice: lunch at twelve'
press carol Escape
say carol '/search hunter2'
wait_for carol 'nothing was found'

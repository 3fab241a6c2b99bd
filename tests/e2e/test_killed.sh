#!/bin/bash
# SPDX-License-Identifier: MIT
# A client that is killed says nothing: over TCP the connection is seen to
# close, over UDP it falls silent, is late and then gone.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start --heartbeat 300 --late 600 --gone 4000
client_start watcher 120x40 --tcp '#lobby'
joined watcher # the first one owns the room, and is marked so
client_start alice 80x24 --tcp '#lobby'
client_start bob 80x24 --udp '#lobby'
wait_for watcher '\+ alice'
wait_for watcher '\+ bob'

client_signal alice KILL
wait_for watcher 'alice.*(connection closed|lost)'
wait_for watcher '- alice'

client_signal bob KILL
wait_for watcher '\? bob'
wait_for watcher 'bob.*(timed out|silent)'
wait_for watcher '- bob'

# Who comes and goes within a moment is seen to go, too.
client_start eve 80x24 --tcp '#lobby'
wait_for eve 'eve joined'
say eve /quit
ends eve 0
wait_for watcher 'eve quit'

# A stopped program looks like a cut cable: late, gone, and back.
# (In a pipe, since tmux wakes what stops in it.)
pipe_start carol --line --tcp '#lobby'
wait_for watcher '\+ carol'
kill -STOP "$PIPE_PID"
wait_for watcher '\? carol'
wait_for watcher '- carol'
kill -CONT "$PIPE_PID"
wait_for watcher '\+ carol'

#!/bin/bash
# SPDX-License-Identifier: MIT
# The terminal goes away: the client says that it is detached, and its place
# is kept; a crash leaves a usable terminal.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start --heartbeat 300 --late 600 --gone 2000
client_start watcher 120x40 --tcp '#lobby'
joined watcher # the first one owns the room, and is marked so
client_start alice 80x24 --tcp '#lobby'
wait_for watcher '\+ alice'
pid=$(client_pid alice)
terminal alice kill-server
eventually "alice ends" gone "$pid"
wait_for watcher 'alice: terminal closed'
wait_for watcher '- alice'
client_start alice 80x24 --udp '#lobby'
wait_for watcher '\+ alice'

# A crash: the shell behind it sees its screen and echo again.
terminal_start carol 80x24 bash --norc -i
type_keys carol "XDG_STATE_HOME=$TMP/carol.state $B/chat-tui"
say carol " -s 127.0.0.1:$TCP/$UDP -n carol --tcp '#lobby'"
wait_for watcher '\+ carol'
shell=$(client_pid carol)
read -r pid <"/proc/$shell/task/$shell/children"
kill -SEGV "$pid"
say carol 'expr 6 \* 7'
wait_for carol '^42$'
check "echo is on" sees carol 'expr'

#!/bin/bash
# SPDX-License-Identifier: MIT
# More connections than descriptors: who comes later waits and is not turned
# away, who is there notices nothing, the server does not burn the processor.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

HOSTILE=$B/tests/e2e/hostile

# A server that may have 64 descriptors: 32 connections.
mkdir "$TMP/limited"
cat >"$TMP/limited/chat-server" <<END
#!/bin/sh
ulimit -n 64
exec '$B/chat-server' "\$@"
END
chmod +x "$TMP/limited/chat-server"
limited_start() {
    local B=$TMP/limited
    server_start "$@"
}

# Hundredths of a second that the server has used.
cpu() {
    local stat
    read -r stat <"/proc/$SERVER_PID/stat"
    # shellcheck disable=SC2086 # words
    set -- ${stat##*) }
    echo $((${12} + ${13}))
}

busy() { # SINCE: more than a third of the time that `never` looks
    [ $(($(cpu) - $1)) -gt 66 ]
}

crowd_start() { # N
    mkfifo "$TMP/crowd.in"
    : >"$TMP/crowd.log"
    "$HOSTILE" crowd "$TCP" "$1" <>"$TMP/crowd.in" >"$TMP/crowd.log" &
    CROWD_PID=$!
    PIDS+=("$CROWD_PID")
    eventually "the crowd is there" logged crowd "^$1 connected"
}

crowd_end() {
    echo >"$TMP/crowd.in"
    eventually "the crowd leaves" gone "$CROWD_PID"
}

limited_start --greeting 600000 --handshake 600000
client_start alice 80x24 --tcp '#lobby'
joined alice
crowd_start 100
eventually "the server says so" server_said 'listen.full.*connections=32'
client_start bob 80x24 --tcp '#lobby'
never 2 "the server is busy with nothing" busy "$(cpu)"
say alice 'is it crowded here?'
wait_for alice 'alice +is it crowded'
check "bob waits" blind bob "$ONLINE"
crowd_end
check "nobody is turned away" logged crowd '^100 alive'
joined bob
say bob 'no longer'
wait_for alice 'bob +no longer'

# Descriptors that go although they were counted on.
crowd_forgotten() {
    [ "$(grep -c session.end "$TMP/server.log")" = 100 ]
}
eventually "the crowd is forgotten" crowd_forgotten
free=0
while [ -e "/proc/$SERVER_PID/fd/$free" ]; do
    free=$((free + 1))
done
prlimit --pid "$SERVER_PID" --nofile="$free:64" || fail "prlimit"
client_start carol 80x24 --tcp '#lobby'
never 2 "the server is busy with nothing" busy "$(cpu)"
say alice 'and now?'
wait_for bob 'alice +and now'
check "carol waits" blind carol "$ONLINE"
prlimit --pid "$SERVER_PID" --nofile=64:64
joined carol
is "lines of the log" "$(grep -c listen.full "$TMP/server.log")" 1

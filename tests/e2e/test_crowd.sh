#!/bin/bash
# SPDX-License-Identifier: MIT
# Crowds: more connections than descriptors, so that who comes later waits and
# who is there notices nothing; more handshakes than are admitted.
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

happened() { # TIMES EVENT, since the server started
    [ "$(awk -v event="$2" '/^ready / { n = 0 }
        $3 == event { n++ }
        END { print n + 0 }' "$TMP/server.log")" = "$1" ]
}

crowd_start() { # N
    rm -f "$TMP/crowd.in"
    mkfifo "$TMP/crowd.in"
    : >"$TMP/crowd.log"
    "$HOSTILE" crowd "$TCP" "$1" <>"$TMP/crowd.in" >"$TMP/crowd.log" &
    CROWD_PID=$!
    PIDS+=("$CROWD_PID")
    disown
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
eventually "the crowd is forgotten" happened 100 session.end
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

for name in alice bob carol; do
    say "$name" /quit
    ends "$name" 0
done

# Handshakes that never go on: so many are taken, for so long, so fast.
restart() { # OPTION...
    server_signal KILL
    eventually "it ends" gone "$SERVER_PID"
    server_start "$@"
}
restart --half-open 3 --handshake 600000
crowd_start 10
eventually "so many are taken" happened 3 session.open
crowd_end
check "the others are let go" logged crowd '^3 alive'
restart --half-open 3 --handshake 500
crowd_start 3
eventually "they had their time" happened 3 session.end
crowd_end
check "nobody is left" logged crowd '^0 alive'
restart --handshake-burst 1 --handshake-rate 4 --handshake 600000
crowd_start 6
eventually "one after the other" happened 6 session.open
crowd_end
check "all are taken" logged crowd '^6 alive'

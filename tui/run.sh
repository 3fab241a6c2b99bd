#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make run: talk, with a server of one's own when there is none.  It lives with
# the client because that is what it ends in; the server is only looked after.
#
# The first one who runs it starts a server on loopback, detached, so that it
# outlives the terminal; it leaves by itself when nobody was there for ten
# minutes.  Each terminal is another person: the login name, login-2, ...;
# NICK=bob make run is bob.
set -eu
cd "$(dirname "$0")/.."

die() {
    echo "make run: $*" >&2
    exit 69 # EX_UNAVAILABLE
}

if ! [ -t 0 ] || ! [ -t 1 ]; then
    die "this needs a terminal; to use chat in a pipe see chat-tui(1), --send"
fi

${MAKE:-make} -s -j"$(nproc)" all

build=${B:-build}
tcp=${TCP_PORT:-8555}
udp=${UDP_PORT:-9555}
state=${XDG_STATE_HOME:-$HOME/.local/state}/chat-server
log=$state/log
mkdir -p "$state" && chmod 700 "$state"

answers() {
    (exec 3<>"/dev/tcp/127.0.0.1/$tcp") 2>/dev/null
}

start_server() {
    local from pid
    touch "$log"
    from=$(($(wc -c <"$log") + 1))
    setsid "$build/chat-server" --listen-tcp "127.0.0.1:$tcp" \
        --listen-udp "127.0.0.1:$udp" --data "$state" --idle-exit 600 \
        </dev/null >>"$log" 2>&1 8>&- 9>&- &
    pid=$!
    disown
    echo "$pid" >"$state/pid"
    timeout 20 tail -c "+$from" -f --pid="$pid" "$log" |
        grep -q -m 1 '^ready ' && return
    tail -n 5 "$log" >&2
    die "the server did not start; its log is $log"
}

# One at a time, so that two terminals do not start two servers.
exec 9>"$state/start.lock"
flock 9
answers || start_server
exec 9>&-

# A free number for this person; the lock lasts as long as the client does.
me=${NICK:-}
for ((n = 1; !${#me}; n++)); do
    exec 8>"$state/person-$n.lock"
    if flock -n 8; then
        me=$(id -un)
        [ $n = 1 ] || me=$me-$n
    fi
done

export CHAT_LOCALEDIR=$PWD/$build/locale
case $build in /*) CHAT_LOCALEDIR=$build/locale ;; esac
exec "$build/chat-tui" -s "127.0.0.1:$tcp/$udp" -n "$me" '#lobby'

# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What every test in this folder starts with: `. "$(dirname "$0")/lib.sh"`.
# A test has a directory of its own, servers on free ports, and a tmux of its
# own for each client; all of it is gone when it ends.  It waits for what it
# wants to see, never for a time.  The first thing that does not come true
# within its time ends the test, with every screen and log shown.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 70

B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
TMP=$(mktemp -d "${TMPDIR:-/tmp}/chat-e2e.XXXXXX")
PATIENCE=${PATIENCE:-20} # seconds a wait may last

unset NO_COLOR LANG LANGUAGE TMUX TMUX_PANE LINES COLUMNS "${!LC_@}"
export LC_ALL=C.UTF-8 TERM=xterm-256color CHAT_LOCALEDIR=$B/locale
export HOME=$TMP/home XDG_STATE_HOME=$TMP/state XDG_CONFIG_HOME=$TMP/config \
    XDG_DATA_HOME=$TMP/data XDG_CACHE_HOME=$TMP/cache XDG_RUNTIME_DIR=$TMP/run
mkdir -m 700 "$HOME" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" \
    "$XDG_CACHE_HOME" "$XDG_RUNTIME_DIR"

CLIENTS=() # names, each with a tmux
PIDS=()    # of servers and other background processes
TCP=0 UDP=0 SERVER_PID=0 PIPE_PID=0
HOST=127.0.0.1        # of servers; link_start changes it
ON_A=() ON_B=()       # before commands: where clients are, where servers are
AWAY_A=()             # what clients want to be told there

# ---- the end ----

cleanup() {
    local status=$? name
    trap - EXIT
    if [ $status != 0 ] && [ $status != 77 ]; then
        evidence
    fi
    for name in "${CLIENTS[@]}"; do
        terminal_signal "$name" CONT
        terminal "$name" kill-server
    done 2>/dev/null
    [ ${#PIDS[@]} = 0 ] || kill -CONT "${PIDS[@]}" 2>/dev/null
    [ ${#PIDS[@]} = 0 ] || kill -KILL "${PIDS[@]}" 2>/dev/null
    rm -rf "$TMP"
    exit $status
}
trap cleanup EXIT
trap 'exit 70' INT TERM HUP

evidence() {
    local name log
    for name in "${CLIENTS[@]}"; do
        echo "---- screen of $name"
        terminal_signal "$name" CONT
        screen "$name"
    done 2>&1
    for log in "$TMP"/*.log; do
        [ ! -f "$log" ] || { echo "---- ${log##*/}" && tail -n 12 "$log"; }
    done
}

fail() {
    echo "FAIL ${BASH_SOURCE[-1]##*/}:${BASH_LINENO[-2]}: $*"
    exit 1
}

skip() {
    echo "SKIP $*"
    exit 77
}

# ---- waiting ----

# eventually WHAT COMMAND...: until the command succeeds, or the test fails.
eventually() {
    local what=$1 end=$((SECONDS + PATIENCE))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "not within $PATIENCE s: $what"
        sleep 0.05
    done
}

# never SECONDS WHAT COMMAND...: the command must not succeed for that long.
never() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    while [ $SECONDS -lt $end ]; do
        ! "$@" || fail "happened: $what"
        sleep 0.1
    done
}

check() { # WHAT COMMAND...
    "${@:2}" || fail "$1"
}

is() { # WHAT GOT WANTED
    [ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}

gone() { # PID
    ! kill -0 "$1" 2>/dev/null
}

# ---- an emulated link ----

# link_start [SPEC]: from here on servers run at one end of an emulated link
# and clients at the other; tests/netem_pipe.h lists what SPEC sets.  Sets IP_A,
# IP_B, IP6_A, IP6_B: addresses of the ends.  Without the rights to do so the
# test is skipped.  For IPv6: link_start SPEC; HOST="[$IP6_B]".
link_start() {
    local said word
    coproc LINK { exec "$B/tests/e2e/netem" -s "${1-}" 2>>"$TMP/netem.log"; }
    # shellcheck disable=SC2153 # coproc sets it
    PIDS+=("$LINK_PID")
    disown "$LINK_PID"
    read -r said <&"${LINK[0]}" || fail "no link: $(tail -n 1 "$TMP/netem.log")"
    case $said in
    ready*) ;;
    SKIP*) skip "${said#SKIP }" ;;
    *) fail "no link: $said" ;;
    esac
    for word in ${said#ready}; do
        declare -g "$word"
    done
    # shellcheck disable=SC2153 # just declared
    ON_A=(nsenter --net="$NS_A") ON_B=(nsenter --net="$NS_B") HOST=$IP_B
    AWAY_A=(--trust new)
}

# link_set SPEC: it is in force when this returns.
link_set() {
    local answer
    echo "set $1" >&"${LINK[1]}"
    read -r answer <&"${LINK[0]}"
    is "link_set $1" "$answer" ok
}

# link_count ab|ba NAME: packets, bytes, blocked, full, lost, copied, held
link_count() {
    local line count=
    echo count >&"${LINK[1]}"
    while read -r line <&"${LINK[0]}" && [ "$line" != ok ]; do
        [[ $line != *"dir=$1 "* || ! $line =~ \ $2=([0-9]+) ]] ||
            count=${BASH_REMATCH[1]}
    done
    echo "$count"
}

on_a() { # COMMAND...
    "${ON_A[@]}" "$@"
}

on_b() {
    "${ON_B[@]}" "$@"
}

# ---- servers ----

# server_start [OPTION...]: on free ports, or on $TCP and $UDP once they are
# known; sets TCP, UDP, SERVER_PID.  Its log is server.log, which grows.
server_start() {
    local log=$TMP/server.log from
    touch "$log"
    from=$(($(wc -l <"$log") + 1))
    "${ON_B[@]}" "$B/chat-server" --listen-tcp "$HOST:$TCP" \
        --listen-udp "$HOST:$UDP" --data "$TMP/server" "$@" \
        </dev/null >>"$log" 2>&1 &
    SERVER_PID=$!
    PIDS+=("$SERVER_PID")
    disown
    eventually "server ready" ready_or_dead "$log" "$from"
    [[ $READY =~ tcp=[^\ ]*:([0-9]+) ]] && TCP=${BASH_REMATCH[1]}
    [[ $READY =~ udp=[^\ ]*:([0-9]+) ]] && UDP=${BASH_REMATCH[1]}
}

ready_or_dead() { # LOG FROM
    READY=$(tail -n "+$2" "$1" | grep '^ready ') && return
    ! gone "$SERVER_PID" || fail "the server ended before it was ready"
    return 1
}

server_signal() {
    kill -"$1" "$SERVER_PID"
}

server_said() { # REGEX, in the log
    grep -qE -- "$1" "$TMP/server.log"
}

# The fingerprint it has announced last.
server_key() {
    sed -n 's/.*fingerprint="\(SHA256:[^"]*\)".*/\1/p' "$TMP/server.log" |
        tail -n 1
}

# An address of this machine that the client does not take for one.
# shellcheck disable=SC2034 # for the tests
FAR=127.1

# ---- clients in terminals ----

cat >"$TMP/tmux.conf" <<END
set -g status off
set -g escape-time 0
set -g default-terminal tmux-256color
END

terminal() { # NAME TMUX-COMMAND...
    tmux -u -S "$TMP/$1.tmux" -f "$TMP/tmux.conf" "${@:2}" 2>>"$TMP/tmux.log"
}

# A terminal of COLSxROWS with a command in it, kept open after its end.  tmux
# 3.3 may miss the end of what it runs, so a shell notes id and exit status.
terminal_start() { # NAME COLSxROWS COMMAND...
    local note=$TMP/$1
    [[ " ${CLIENTS[*]-} " == *" $1 "* ]] || CLIENTS+=("$1")
    rm -f "$note.tmux.pid" "$note.pid" "$note.status"
    # shellcheck disable=SC2016 # for the inner shells
    terminal "$1" new-session -d -s main -x "${2%x*}" -y "${2#*x}" \
        sh -c 'note=$1; shift
            sh -c '\''echo $$ >"$0.pid"; exec "$@"'\'' "$note" "$@"
            echo $? >"$note.status"; exec sleep infinity' sh "$note" "${@:3}"
    eventually "$1 starts" test -s "$note.pid"
}

# client_start NAME COLSxROWS [ARGUMENT...]: NAME is the nick as well.
client_start() {
    local name=$1 size=$2
    shift 2
    terminal_start "$name" "$size" "${ON_A[@]}" \
        env XDG_STATE_HOME="$TMP/$name.state" ${PANE_TERM:+TERM="$PANE_TERM"} \
        "$B/chat-tui" -s "$HOST:$TCP/$UDP" -n "$name" "${AWAY_A[@]}" "$@"
}

# The same in pipes: output in NAME.log, input from NAME.in (a fifo); its id
# is PIPE_PID.
pipe_start() { # NAME ARGUMENT...
    local name=$1
    shift
    mkfifo "$TMP/$name.in"
    XDG_STATE_HOME=$TMP/$name.state "${ON_A[@]}" "$B/chat-tui" \
        -s "$HOST:$TCP/$UDP" -n "$name" "${AWAY_A[@]}" "$@" \
        <>"$TMP/$name.in" >"$TMP/$name.log" 2>"$TMP/$name.err.log" &
    PIPE_PID=$!
    PIDS+=("$PIPE_PID")
    disown
}

client_pid() {
    cat "$TMP/$1.pid"
}

client_signal() { # NAME SIGNAL
    kill -"$2" "$(client_pid "$1")"
}

# The terminal itself, not the program in it.
terminal_signal() { # NAME SIGNAL
    local file=$TMP/$1.tmux.pid pid
    [ -s "$file" ] || terminal "$1" display -p '#{pid}' >"$file"
    read -r pid <"$file" && kill -"$2" "$pid"
}

client_ended() {
    [ -s "$TMP/$1.status" ]
}

# ends NAME STATUS: the program ends, with that exit status.
ends() {
    eventually "$1 ends" client_ended "$1"
    is "exit status of $1" "$(cat "$TMP/$1.status")" "$2"
}

resize() { # NAME COLSxROWS
    terminal "$1" resize-window -t main -x "${2%x*}" -y "${2#*x}"
}

press() { # NAME KEY..., as tmux names them
    terminal "$1" send-keys -t main "${@:2}"
}

type_keys() { # NAME TEXT
    terminal "$1" send-keys -t main -l -- "$2"
}

say() { # NAME TEXT
    type_keys "$1" "$2" && press "$1" Enter
}

screen() { # NAME
    terminal "$1" capture-pane -p -t main
}

sees() { # NAME REGEX
    screen "$1" | grep -qE -- "$2"
}

blind() { # NAME REGEX
    ! sees "$1" "$2"
}

shows() { # NAME TEXT, as it is
    screen "$1" | grep -qF -- "$2"
}

shows_wrapped() { # NAME TEXT without blanks, over rows
    screen "$1" | tr -d ' \n' | grep -qF -- "$2"
}

wait_for() { # NAME REGEX
    eventually "$1 sees /$2/" sees "$1" "$2"
}

wait_gone() { # NAME REGEX
    eventually "$1 no longer sees /$2/" blind "$1" "$2"
}

# answer NAME KEY: to the question about the server's key, which takes no answer
# in its first second; what is pressed too often goes from the input line.
answer() {
    eventually "$1 is answered $2" answered "$1" "$2"
    press "$1" C-u
}

answered() { # NAME KEY
    press "$1" "$2"
    blind "$1" 'Trust this key|信任此密钥吗'
}

times() { # NAME REGEX: rows of the screen that match
    screen "$1" | grep -cE -- "$2"
}

# In the room and on line: what the user sees, not what the program thinks.
joined() { # NAME
    wait_for "$1" "$ONLINE"
}

ONLINE='(tcp|udp)( \([^)]*\))?( [0-9]+ms.*)?  F1 (help|帮助)'

# ---- lines through pipes ----

# Send standard input to a room; the arguments go to chat-tui.
send() { # NICK ROOM [ARGUMENT...]
    XDG_STATE_HOME=$TMP/$1.state "${ON_A[@]}" "$B/chat-tui" \
        -s "$HOST:$TCP/$UDP" -n "$1" "${AWAY_A[@]}" --send "$2" "${@:3}"
}

logged() { # NAME REGEX
    grep -qE -- "$2" "$TMP/$1.log"
}

lines() { # NAME
    wc -l <"$TMP/$1.log"
}

has_lines() { # NAME N
    [ "$(lines "$1")" -ge "$2" ]
}

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: link_programs.sh [CLIENTS] (a part of make bench-link)
# What the programs make of a link that turns bad: real chat-server at one end
# of an emulated link, real chat-tui at the other.  Lines are numbered, so that
# what is lost and what comes twice is counted.  Prints tables in Markdown.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

CLIENTS_N=${1:-200}
PATIENCE=60
GAP=0.05 # seconds between lines
DELAY=25ms
UNDERWAY=35 # ms

now_ms() {
    local us=${EPOCHREALTIME/[.,]/}
    echo $((us / 1000))
}

# How long a command takes to succeed, ms; "never" after PATIENCE.
takes() { # COMMAND...
    local start
    start=$(now_ms)
    until "$@"; do
        [ $(($(now_ms) - start)) -lt $((PATIENCE * 1000)) ] ||
            { echo never && return; }
        sleep 0.01
    done
    echo $(($(now_ms) - start))
}

row() { # CELL...
    printf '|'
    printf ' %s |' "$@"
    printf '\n'
}

table() { # COLUMN...
    echo
    row "$@"
    printf '|'
    printf -- '---|%.0s' "$@"
    printf '\n'
}

# ---- numbered lines ----

# talk_start NAME ARGUMENT...: say numbered lines until talk_stop.
talk_start() {
    local name=$1
    shift
    # shellcheck disable=SC2094 # one writes, the other asks whether it is there
    (
        i=0
        while [ ! -e "$TMP/$name.stop" ]; do
            echo "line $((++i))."
            sleep $GAP
        done
        echo "$i" >"$TMP/$name.said"
    ) | send "$name" '#lobby' "$@" 2>"$TMP/$name.err.log" &
    TALK_PID=$!
    PIDS+=("$TALK_PID")
}

talk_stop() { # NAME
    touch "$TMP/$1.stop"
    eventually "$1 has sent all" gone "$TALK_PID"
    wait "$TALK_PID"
    TALK_STATUS=$?
}

# Numbers of the lines that a log has, in their order.
heard() { # NAME
    grep -oE 'line [0-9]+\.' "$TMP/$1.log" | grep -oE '[0-9]+'
}

lost() { # NAME SAID
    comm -13 <(heard "$1" | sort -u) <(seq "$2" | sort) | wc -l
}

doubled() { # NAME
    heard "$1" | sort | uniq -d | wc -l
}

has_more_than() { # NAME LINES
    [ "$(heard "$1" | wc -l)" -gt "$2" ]
}

hears_all() { # NAME SAID
    [ "$(lost "$1" "$2")" = 0 ]
}

# When each line was stored, ms.
stored() { # NAME
    grep -oE '"ts":[0-9]+' "$TMP/$1.log" | cut -d: -f2
}

stored_after() { # NAME MS
    [ "$(stored "$1" | awk -v t="$2" '$1 > t' | head -n 1)" ]
}

# From a change of the link to the first line that is stored under it; what had
# passed the link before is stored within UNDERWAY.
next_line() { # NAME SPEC
    local start
    start=$(now_ms)
    link_set "$2"
    case $(takes stored_after "$1" $((start + UNDERWAY))) in
    never) echo never ;;
    *) echo $(($(stored "$1" | awk -v t=$((start + UNDERWAY)) '$1 > t' |
        head -n 1) - start)) ;;
    esac
}

# A listener beside the server, whom no link can harm.
witness_start() {
    local a=("${ON_A[@]}")
    ON_A=("${ON_B[@]}")
    pipe_start witness --tail '#lobby' --json --tcp
    ON_A=("${a[@]}")
    eventually "a witness" server_said 'nick="witness"'
}

# How many connections over a transport the server has seen begin.
opened() { # tcp|udp
    grep -c "session.open.*transport=\"$1\"" "$TMP/server.log"
}

opened_more_than() { # tcp|udp N
    [ "$(opened "$1")" -gt "$2" ]
}

# Everybody gone and forgotten.
begin_again() {
    [ ${#PIDS[@]} = 0 ] || kill -KILL "${PIDS[@]}" 2>/dev/null
    PIDS=()
    rm -f "$TMP"/*.log "$TMP"/*.in "$TMP"/*.stop "$TMP"/*.said
    rm -rf "$TMP"/*.state "$TMP/server"
    TCP=0 UDP=0
}

# ---- UDP is blocked from the start ----

first_line() { # NAME ARGUMENT...
    local start
    start=$(now_ms)
    echo hello | timeout 20 "${ON_A[@]}" env \
        XDG_STATE_HOME="$TMP/$1.state" "$B/chat-tui" -s "$HOST:$TCP/$UDP" \
        -n "$1" "${AWAY_A[@]}" --send '#lobby' "${@:2}" 2>"$TMP/$1.err.log" ||
        { echo never && return; }
    echo $(($(now_ms) - start))
}

# The median of three; one is enough to see that it never does.
median_of() { # COMMAND...
    local first
    first=$("$@")
    [ "$first" != never ] || { echo never && return; }
    printf '%s\n' "$first" "$("$@")" "$("$@")" | sort -n | sed -n 2p
}

at_start() {
    local block
    echo
    echo "### From the start of chat-tui to a line that is stored, ms"
    table 'blocked' '--transport auto' '--tcp' '--udp'
    for block in none udp tcp; do
        begin_again
        link_start "delay=$DELAY,block=$block"
        server_start --rate-limit off --new-per-address 1000
        row "$block" "$(median_of first_line auto)" \
            "$(median_of first_line tcp --tcp)" \
            "$(median_of first_line udp --udp)"
    done
}

# ---- UDP is blocked in mid-session, and comes back ----

blocked_between() {
    local count said working back
    echo
    echo "### 20 lines a second, while UDP is blocked and unblocked"
    echo
    echo "ms from the block to the next line at a witness beside the server, and"
    echo "from its end to a new connection over UDP; lines lost and doubled at"
    echo "the witness and at a listener at the far end"
    table run 'working again' 'over UDP again' said lost doubled \
        'lost, far' 'doubled, far' status
    for run in 1 2 3; do
        begin_again
        link_start "delay=$DELAY"
        server_start --rate-limit off
        witness_start
        pipe_start far --tail '#lobby'
        talk_start talker
        eventually "lines" has_more_than witness 40
        working=$(next_line witness 'block=udp')
        count=$(opened udp)
        sleep 5
        link_set 'block=none'
        back=$(takes opened_more_than udp "$count")
        talk_stop talker
        said=$(cat "$TMP/talker.said")
        takes hears_all witness "$said" >"$TMP/waited"
        takes hears_all far "$said" >"$TMP/waited"
        row "$run" "$working" "$back" "$said" "$(lost witness "$said")" \
            "$(doubled witness)" "$(lost far "$said")" "$(doubled far)" \
            "$TALK_STATUS"
    done
}

# ---- the address changes under traffic ----

crowd_in() {
    [ "$(grep -c 'session.auth' "$TMP/server.log")" -ge "$1" ]
}

crowd_heard() { # SAID: of how many not everything has come
    local i left=0
    for ((i = 0; i < CLIENTS_N; i++)); do
        hears_all "c$i" "$1" || left=$((left + 1))
    done
    [ $left = 0 ]
}

address_changes() {
    local i before after said first sum_lost sum_doubled change
    echo
    echo "### The address of $CLIENTS_N clients changes, 20 lines a second"
    echo
    echo "connections begun at the server after the change, ms from the change to"
    echo "the next line of a talker among the clients, lines lost and doubled at"
    echo "all of them together"
    table change 'new connections' 'next line' said lost doubled status
    for change in 'ports=32768' 'address=1' 'address=2,ports=32768'; do
        begin_again
        link_start "delay=$DELAY"
        server_start --rate-limit off \
            --per-address 100000 --new-per-address 100000
        witness_start
        for ((i = 0; i < CLIENTS_N; i++)); do
            pipe_start "c$i" --tail '#lobby' --udp
            ((i % 10)) || eventually "the crowd" crowd_in $((i + 1))
        done
        eventually "the crowd" crowd_in $((CLIENTS_N + 1))
        talk_start talker --udp
        eventually "lines" has_more_than witness 40
        before=$(grep -c 'session.open' "$TMP/server.log")
        first=$(next_line witness "dir=ab,$change")
        takes has_more_than witness $(($(heard witness | wc -l) + 100)) \
            >"$TMP/waited"
        talk_stop talker
        said=$(cat "$TMP/talker.said")
        takes crowd_heard "$said" >"$TMP/waited"
        after=$(grep -c 'session.open' "$TMP/server.log")
        sum_lost=0 sum_doubled=0
        for ((i = 0; i < CLIENTS_N; i++)); do
            sum_lost=$((sum_lost + $(lost "c$i" "$said")))
            sum_doubled=$((sum_doubled + $(doubled "c$i")))
        done
        row "$change" $((after - before)) "$first" "$said" $sum_lost \
            $sum_doubled "$TALK_STATUS"
    done
}

at_start
blocked_between
address_changes

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: layers.sh BUILD
# Prove from the object files who calls whom.
#     1  A file calls files on its own line of the tables below and on lines
#        further down; server and tui do not know each other, shared knows
#        neither.  A file without a line is an error.
#     2  What comes from outside: everybody may use PURE, and what is allowed
#        to one file by name.  So sockets, files, clocks, threads, uv and curses
#        stay in the edges.
#     3  No file has variables that outlive a call, but those listed.
set -u
cd "$(dirname "$0")/.." || exit 70
export LC_ALL=C

B=${1:-build}
bad=0
complain() {
    echo "layers: $*" >&2
    bad=1
}

# ---- 1: the lines, from the top ----

# shellcheck disable=SC2317 # called by name
lines_of_server() {
    cat <<'END'
main
net
hub
verbs
world
room
END
}

# shellcheck disable=SC2317
lines_of_tui() {
    cat <<'END'
main
app
net tty screen
END
}

# ---- 2: what comes from outside ----

# Memory and strings; numbers; sorting; assertions; utf8proc's tables.
PURE='mem(cpy|move|set|cmp|chr|rchr)|str(len|cmp|ncmp|chr|rchr|str|cspn|spn)
strto(ul|ull|l|ll|d)|v?snprintf|qsort|bsearch|abs|__assert_fail
utf8proc_[a-z_]+|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'

allowed() { # OBJECT: a pattern per line, # comments
    cat <<'END' | sed -n "s|^$1 *||p"
shared/mem.o     malloc|calloc|realloc|free|abort|fputs|stderr
shared/wire.o    fprintf|fputs|fputc|putc   # dumps into the FILE it is given
server/net.o     .*
tui/net.o        .*
END
}

# ---- 3: variables ----

# Those that a library or a signal handler forces, with the reason.
variables_allowed() {
    cat <<'END'
END
}

# ---- the proof ----

symbols=$(mktemp)
trap 'rm -f "$symbols"' EXIT

# Lines of `OBJECT SYMBOL TYPE`; the checking twins of libc functions that
# fortified builds call count as the functions.
for folder in shared server tui; do
    for object in "$B/$folder"/*.o; do
        nm -P "$object" | awk -v o="$folder/${object##*/}" '{
            sub(/@.*/, "", $1)
            if ($2 == "U" && sub(/_chk$/, "", $1)) sub(/^__/, "", $1)
            sub(/^__isoc99_/, "", $1)
            print o, $1, $2 }'
    done
done >"$symbols"

# Lines of `OBJECT USES DEFINED-IN`, `-` when it is not one of ours.
uses() {
    awk 'NR == FNR { if ($3 ~ /^[TDRBCV]$/) home[$2] = home[$2] " " $1; next }
        $3 == "U" {
            n = split(home[$2], at, " ")
            where = n ? at[1] : "-"
            for (i = 1; i <= n; i++) # main is in two programs
                if (substr(at[i], 1, 3) == substr($1, 1, 3)) where = at[i]
            print $1, $2, where
        }' "$symbols" "$symbols"
}

line_in() { # FOLDER FILE: the number of its line
    "lines_of_$1" | grep -nwF -- "$2" | cut -d: -f1
}

check_call() { # OBJECT SYMBOL OBJECT
    local from=${1%%/*} to=${3%%/*} a b
    if [ "$from" != "$to" ]; then
        [ "$to" = shared ] || complain "$1 uses $2 of $3"
        return
    fi
    [ "$from" != shared ] || return
    a=$(line_in "$from" "$(basename "$1" .o)")
    b=$(line_in "$from" "$(basename "$3" .o)")
    [ "${a:-0}" -le "${b:-0}" ] || complain "$1 calls upward: $2 of $3"
}

check_outside() { # OBJECT SYMBOL
    local pattern
    for pattern in $PURE $(allowed "$1" | sed 's/#.*//'); do
        [[ ! $2 =~ ^($pattern)$ ]] || return
    done
    complain "$1 uses $2 from outside"
}

while read -r object symbol where; do
    if [ "$where" = - ]; then
        check_outside "$object" "$symbol"
    else
        check_call "$object" "$symbol" "$where"
    fi
done < <(uses | sort -u)

for folder in server tui; do
    for source in "$folder"/*.c; do
        [ -n "$(line_in $folder "$(basename "$source" .c)")" ] ||
            complain "$source has no line in the table"
    done
done

for folder in shared server tui; do
    for object in "$B/$folder"/*.o; do
        name=$folder/${object##*/}
        objdump -t "$object" |
            awk -v o="$name" '/ O \.?(data|bss|tbss|tdata|\*COM\*)/ &&
                !/ \.data\.rel\.ro/ { print o, $NF }'
    done
done | sort -u | while read -r object variable; do
    variables_allowed | grep -q "^$object $variable " ||
        echo "$object: variable $variable outlives a call"
done >"$symbols"
[ ! -s "$symbols" ] || complain "$(cat "$symbols")"
exit $bad

#!/bin/bash
# SPDX-License-Identifier: MIT
# Started by root, it goes on as somebody who may do little.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if [ "$(id -u)" != 0 ]; then
    "$B/chat-server" --user nobody --data :memory: 2>"$TMP/user.log"
    is "status" $? 77
    check "why" grep -q 'only root' "$TMP/user.log"
    skip "the rest needs root"
fi

chmod 711 "$TMP"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=chat.example -keyout "$TMP/own.key" -out "$TMP/own.crt" \
    2>"$TMP/openssl.log" || fail "openssl"
chmod 600 "$TMP/own.key"

ids() { # NAME: real, effective, saved and file system id
    sed -n "s/^$1:\t*//p" "/proc/$SERVER_PID/status" | tr '\t' ' '
}

all_four() { # ID
    echo "$1 $1 $1 $1"
}

as_nobody() { # OPTION...
    server_start --user nobody "$@"
    is "users" "$(ids Uid)" "$(all_four "$(id -u nobody)")"
    is "groups" "$(ids Gid)" "$(all_four "$(id -g nobody)")"
    is "what it may" "$(ids CapEff)" 0000000000000000
    is "whose files" "$(stat -c %U "$TMP/server" "$TMP/server"/* | sort -u)" \
        nobody
    is "not for others" "$(find "$TMP/server" -type f ! -perm 600)" ''
}

as_nobody
is "whose key" "$(stat -c %U "$TMP/server/key.pem")" nobody
check "it can read all again" [ -z "$(grep unreadable "$TMP/server.log")" ]
echo hello | send ann '#lobby' || fail "cannot talk"
cp "$B/chatctl" "$TMP/chatctl" && chmod 755 "$TMP/chatctl"
setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups \
    "$TMP/chatctl" --socket "$TMP/server/control.sock" status \
    >"$TMP/ctl.log" 2>&1 || fail "the server's user: $(cat "$TMP/ctl.log")"
server_signal TERM
eventually "it ends" gone "$SERVER_PID"

# Again, in the files that are there, with a key that only root may read.
as_nobody --tls-key "$TMP/own.key" --tls-cert "$TMP/own.crt"
echo again | send bob '#lobby' || fail "cannot talk after a restart"
check "which is said" \
    server_said "warning keys.unreadable file=\"$TMP/own.key\" why=\"Perm"
server_signal TERM
eventually "it ends" gone "$SERVER_PID"

# A configuration that only root may read.
conf=$TMP/server.conf
(umask 077 && echo 'topic-bytes = 100' >"$conf")
as_nobody -c "$conf"
check "it is said" server_said "warning config.unreadable file=\"$conf\""
server_signal HUP
eventually "it is refused" server_said 'config.refused .*server.conf: Perm'

"$B/chat-server" --user nobody.such --data :memory: 2>"$TMP/user.log"
is "no such user" $? 67

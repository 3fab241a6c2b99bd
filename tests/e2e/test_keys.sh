#!/bin/bash
# SPDX-License-Identifier: MIT
# The server's key: made once, the same after a restart; an operator's own,
# taken while people talk; a bad one refused.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

pair() { # NAME: NAME.key and NAME.crt by openssl(1), with its fingerprint
    (umask 077 && openssl req -x509 -newkey ec -nodes -days 2 \
        -pkeyopt ec_paramgen_curve:P-256 -subj /CN=chat.example \
        -keyout "$TMP/$1.key" -out "$TMP/$1.crt" 2>"$TMP/openssl.log") ||
        fail "openssl req"
    PRINT=SHA256:$(openssl pkey -in "$TMP/$1.key" -pubout -outform DER |
        openssl dgst -sha256 -binary | base64 | tr -d =)
}

shown() { # TIMES EVENT FINGERPRINT
    [ "$(grep -cF -- "$2 fingerprint=\"$3\"" "$TMP/server.log")" = "$1" ]
}

read_again() { # TIMES
    [ "$(grep -c config.reload "$TMP/server.log")" = "$1" ]
}

# What openssl(1) says of a server that has to prove itself with a certificate.
proves() { # NAME PORT OPTION...
    timeout 20 openssl s_client -connect "127.0.0.1:$2" "${@:3}" -brief \
        -CAfile "$TMP/$1.crt" -verify_return_error </dev/null \
        >"$TMP/s_client.log" 2>&1
    grep -q 'Verification: OK' "$TMP/s_client.log"
}

# Its own: one for ever.
conf=$TMP/server.conf
printf '%s\n' 'late = 7000' 'log-level = debug' >"$conf"
server_start -c "$conf"
print=$("$B/chat-server" --data "$TMP/server" --fingerprint) || fail "no key"
check "the first line" server_said '^[^ ]+ info server.start version="[0-9.]+"$'
check "the log shows it" shown 1 keys.ready "$print"
is "the last line" "$(tail -n 1 "$TMP/server.log" | cut -c 1-6)" 'ready '
is "mode" "$(stat -c %a "$TMP/server/key.pem")" 600
server_signal TERM
eventually "it ends" gone "$SERVER_PID"
check "the log says why" server_said 'info server.stop why="SIGTERM"$'
server_start -c "$conf"
check "the same again" shown 2 keys.ready "$print"
"$B/chat-server" --data "$TMP/server" --check-config >"$TMP/check.log" 2>&1 ||
    fail "check-config"
check "check-config shows it" grep -qxF "$print" "$TMP/check.log"
"$B/chat-server" --data "$TMP/nothing" --check-config >"$TMP/check.log" 2>&1 ||
    fail "check-config without a key"
[ ! -e "$TMP/nothing" ] || fail "check-config makes a key"

# One that others can read.
chmod 644 "$TMP/server/key.pem"
"$B/chat-server" --data "$TMP/server" >"$TMP/refused.log" 2>&1
is "exit status" $? 78
check "it says what to do" logged refused 'key.pem.*chmod 600'
chmod 600 "$TMP/server/key.pem"

# The operator's, while somebody talks.
client_start alice 80x24 --tcp '#lobby'
client_start bob 80x24 --udp '#lobby'
joined alice
joined bob
check "one over TLS" server_said 'session.secure.*TLSv1.3'
check "one over DTLS" server_said 'session.secure.*DTLSv1.2'
pair one
printf 'tls-cert = %s\ntls-key = %s\n' "$TMP/one.crt" "$TMP/one.key" >>"$conf"
server_signal HUP
eventually "it is taken" shown 1 keys.renewed "$PRINT"
pair one
eventually "the next as well" shown 1 keys.renewed "$PRINT"
server_signal HUP
eventually "read once more" read_again 2
is "which is not said of what is in use" \
    "$(grep -c keys.renewed "$TMP/server.log")" 2
check "TLS 1.3 with it" proves one "$TCP" -tls1_3
check "DTLS 1.2 with it" proves one "$UDP" -dtls1_2
! proves one "$TCP" -tls1_2 || fail "TLS 1.2"
pair two
! proves two "$TCP" -tls1_3 || fail "another certificate"
echo nonsense >"$TMP/one.key"
server_signal HUP
eventually "this one is not" server_said 'keys.refused.*one.key'
check "nothing has changed" proves one "$TCP" -tls1_3
say alice 'still here'
wait_for bob 'alice +still here'
say bob 'me too'
wait_for alice 'bob +me too'
is "nobody began anew" "$(grep -c session.hello "$TMP/server.log")" 2
check "it lives" kill -0 "$SERVER_PID"

# It has to be good to begin with.
"$B/chat-server" -c "$conf" --data "$TMP/server" >"$TMP/refused.log" 2>&1
is "exit status" $? 78
check "it says which" logged refused 'one.key'

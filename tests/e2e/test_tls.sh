#!/bin/bash
# SPDX-License-Identifier: MIT
# Encryption as the standards have it: openssl(1) shakes hands over both
# transports, and what is too old or too weak is refused.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command -v openssl >/dev/null || skip "no openssl(1)"

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=someone -days 30 \
    -keyout "$TMP/own.key" -out "$TMP/own.pem" 2>"$TMP/openssl.log"
server_start --tls on

# shake tcp|udp OPTION...: what s_client says goes to s_client.log.
shake() {
    local port=$TCP
    [ "$1" = tcp ] || port=$UDP
    timeout "$PATIENCE" openssl s_client -connect "$HOST:$port" "${@:2}" \
        </dev/null >"$TMP/s_client.log" 2>&1
}

said() { # REGEX, by s_client
    grep -aqE -- "$1" "$TMP/s_client.log"
}

# SHA-256 of the key in the certificate that came.
key_shown() {
    openssl x509 -pubkey -noout -in "$TMP/s_client.log" |
        openssl pkey -pubin -outform DER |
        openssl dgst -sha256 -binary | openssl base64 | tr -d =
}

# completes tcp|udp VERSION OPTION...
completes() {
    check "$*" shake "$1" "${@:3}"
    check "$*: version" said "(New|Reused), .* Cipher is .*GCM|POLY1305"
    check "$*: version" said "^ *Protocol *: $2|^(New|Reused), $2,"
    is "$*: key" "SHA256:$(key_shown)" "$(server_key)"
}

own=(-cert "$TMP/own.pem" -key "$TMP/own.key")
completes tcp TLSv1.3 -tls1_3
completes udp DTLSv1.2 -dtls1_2
completes tcp TLSv1.3 -tls1_3 -groups P-256
completes udp DTLSv1.2 -dtls1_2 -groups P-256
completes tcp TLSv1.3 -tls1_3 "${own[@]}"
completes udp DTLSv1.2 -dtls1_2 "${own[@]}"
completes tcp TLSv1.3 -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256
completes udp DTLSv1.2 -dtls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305

# A ticket is taken back.
completes udp DTLSv1.2 -dtls1_2 -sess_out "$TMP/ticket"
completes udp DTLSv1.2 -dtls1_2 -sess_in "$TMP/ticket"
check "resumed" said '^Reused'
check "resumed, says the server" server_said 'DTLSv1.2.* resumed=1'

# refused WHY tcp|udp OPTION...: over UDP nobody tells s_client, which tries on.
refused() {
    local pid before
    before=$(grep -c "why=\"$1\"" "$TMP/server.log")
    shake "${@:2}" &
    pid=$!
    PIDS+=("$pid")
    disown
    eventually "refused: ${*:2}" refused_again "$1" "$before"
    kill "$pid" 2>/dev/null
    check "nothing agreed on: ${*:2}" [ -z "$(agreed)" ]
}

refused_again() { # WHY COUNT
    [ "$(grep -c "why=\"$1\"" "$TMP/server.log")" -gt "$2" ]
}

agreed() {
    grep -aE 'Cipher is [^(]' "$TMP/s_client.log"
}

refused 'unsupported protocol' tcp -tls1_2
refused 'unsupported protocol' udp -dtls1 -cipher DEFAULT:@SECLEVEL=0
refused 'no shared cipher' udp -dtls1_2 -cipher ECDHE-ECDSA-AES128-SHA256
refused 'no shared cipher' udp -dtls1_2 -cipher AES128-GCM-SHA256
refused 'no shared cipher' udp -dtls1_2 -groups P-384
refused 'no suitable key share' tcp -tls1_3 -groups P-384

# And it goes on serving.
echo hello | send ann '#lobby' --udp || fail "nobody is served any more"

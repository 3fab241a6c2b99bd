#!/bin/bash
# SPDX-License-Identifier: MIT
# Certificates of an authority: good ones are accepted without a question, all
# others are refused, with the reason.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command -v openssl >/dev/null || skip "no openssl(1)"

cd "$TMP" || exit 70

# authority NAME: NAME.pem, NAME.key
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj "/CN=$1" -days 30 -keyout "$1.key" -out "$1.pem" 2>>openssl.log
}

# certificate NAME AUTHORITY SAN [OPTION...]: NAME.pem, NAME.key
certificate() {
    {
        printf 'subjectAltName=%s\n' "$3" >"$1.ext"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" \
            -CAcreateserial -extfile "$1.ext" -out "$1.pem" "${@:4}"
    } 2>>openssl.log
    check "openssl: $(cat openssl.log)" [ -s "$1.pem" ]
}

authority ours
authority theirs
certificate good ours "DNS:$FAR,IP:127.0.0.1" -days 30
certificate expired ours "DNS:$FAR,IP:127.0.0.1" -days 0 # at once
certificate other ours "DNS:chat.example.org" -days 30
certificate foreign theirs "DNS:$FAR,IP:127.0.0.1" -days 30

serve() { # CERTIFICATE
    [ "$SERVER_PID" = 0 ] || server_signal KILL
    [ "$SERVER_PID" = 0 ] || eventually "server gone" gone "$SERVER_PID"
    server_start --tls-cert "$TMP/$1.pem" --tls-key "$TMP/$1.key"
}

# try STATUS NICK OPTION...
try() {
    echo "hello from $2" | send "$2" '#lobby' -s "$FAR:$TCP/$UDP" "${@:3}" \
        2>"$TMP/$2.log"
    is "exit status of $2 with ${*:3}" $? "$1"
}

# An authority that was named: it alone decides, also about this machine.
serve good
for way in --tcp --udp; do
    try 0 ann $way --tls-ca "$TMP/ours.pem"
    try 77 ann $way --tls-ca "$TMP/theirs.pem"
    try 0 amy $way --tls-ca "$TMP/ours.pem" -s "127.0.0.1:$TCP/$UDP"
    try 77 amy $way --tls-ca "$TMP/theirs.pem" -s "127.0.0.1:$TCP/$UDP"
done
check "nothing was kept" [ ! -e "$TMP/ann.state/chat/known_servers" ]
try 66 ann --tls-ca "$TMP/no-such-file"
try 78 ann --tls-ca "$TMP/good.key"

# One of the system's: accepted, and remembered for being vouched for.
export SSL_CERT_FILE=$TMP/ours.pem
for way in --tcp --udp; do
    try 0 bob$way $way --trust strict
    check "kept" grep -qxF "$FAR:$TCP ca" \
        "$TMP/bob$way.state/chat/known_servers"
    try 0 bob$way $way --trust strict
done
SSL_CERT_FILE=$TMP/theirs.pem try 77 bob--tcp --tcp --trust new
check "it says what is wrong" logged bob--tcp 'DOES NO LONGER'

# Everything else, for who knows the server and who does not.
has_expired() {
    ! openssl x509 -checkend 0 -noout -in expired.pem >>openssl.log 2>&1
}
eventually "its time is over" has_expired
for bad in expired other foreign; do
    case $bad in
    expired) why='has expired' ;;
    other) why='for another name' ;;
    foreign) why='no authority known here' ;;
    esac
    serve $bad
    for way in --tcp --udp; do
        try 77 cyd $way --tls-ca "$TMP/ours.pem"
        check "why: $bad" logged cyd "$why"
        try 77 dan $way
        check "why: $bad" logged dan "$why"
        try 77 bob$way $way --trust new
        check "why: $bad" logged bob$way "$why"
        try 0 eva$way-$bad $way --trust new
    done
done

# A person gets to see it before anything is said.
client_start fay 80x24 -s "$FAR:$TCP/$UDP" --tcp '#lobby'
wait_for fay 'no authority known here'
wait_for fay 'Trust this key'
answer fay n
say fay /quit
ends fay 0

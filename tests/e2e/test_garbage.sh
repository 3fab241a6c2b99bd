#!/bin/bash
# SPDX-License-Identifier: MIT
# Garbage on both ports troubles nobody.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
client_start alice 80x24 --tcp '#lobby'
client_start bob 80x24 --udp '#lobby'
joined alice
joined bob

for ((i = 0; i < 20; i++)); do
    head -c $((i * 997)) /dev/urandom 2>/dev/null >"/dev/tcp/127.0.0.1/$TCP"
    for size in 1 9 12 64 600 1200 1400 9000; do
        head -c $size /dev/urandom >"/dev/udp/127.0.0.1/$UDP"
    done
    # The right first byte, then nonsense.
    { printf '\xc1' && head -c 300 /dev/urandom; } >"/dev/udp/127.0.0.1/$UDP"
    printf 'GET / HTTP/1.1\r\n\r\n' >"/dev/tcp/127.0.0.1/$TCP"
    # A huge length; an endless one that is never sent.
    printf '\xff\xff\xff\xff\0\1\0\0' >"/dev/tcp/127.0.0.1/$TCP"
done 2>/dev/null
say alice 'still here'
wait_for bob 'alice +still here'
say bob 'me too'
wait_for alice 'bob +me too'
check "the server lives" kill -0 "$SERVER_PID"
server_signal TERM
eventually "the server ends" gone "$SERVER_PID"

#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: link.sh (make bench-link)
# Measure our links beside others, and what programs make of bad links, and
# write it down in link.md.  SCALE=0.1 makes a short run of it.
set -u
cd "$(dirname "$0")/../.." || exit 70
export B=${B:-build} SCALE=${SCALE:-1}

page=$(mktemp)
trap 'rm -f "$page"' EXIT
{
    echo "# Links measured"
    echo
    echo "Made by \`make bench-link\`: SCALE=$SCALE, Linux $(uname -r)," \
        "$(nproc) processors, $(date -u +%F)."
    cat <<'END'

## Latency

One way, from the hand-over to the sender's transport to its delivery to the
receiver, of messages of 200 bytes of text, ours as SEND messages of a person.
Ours are encrypted (DTLS 1.2, TLS 1.3), the others are not. Each figure has
emulated links of its own (tests/e2e/netem.c: two network namespaces, impairments
alike and independent in both directions); all of them run at once in one pair of
processes at real-time priority, whose noise the line of plain datagrams shows.
20 messages/s: 2900 x SCALE count after 100 that do not, on one link. 1 message/s
(+- 50 ms): 135 x SCALE after 15, on eight links. Three runs with other seeds: p50, p95 and p99
are the medians of the runs, p99.9 is of all runs together; bytes are of IP
packets handed to the link, medians. "never": not within 20 s after the last
message. Connections are made before the link is impaired. TCP is the kernel's,
with TCP_NODELAY; ENet has one channel, reliable packets, flushed at once, its
timers served every 2 ms, and never gives up.
END
    "$B/tests/bench/bench_link" "$SCALE" || exit
    cat <<'END'

## Programs

A real chat-server at one end of an emulated link of RTT 50 ms, real chat-tui at
the other, as a person would start them.
END
    tests/bench/link_programs.sh || exit
} >"$page" || exit
mv "$page" tests/bench/link.md
chmod 644 tests/bench/link.md
cat tests/bench/link.md

#!/bin/bash
# SPDX-License-Identifier: MIT
# Two people talk over IPv6.
# shellcheck source=tests/e2e/talk.sh
. "$(dirname "$0")/talk.sh"

link_start 'delay=5ms'
[ -n "${IP6_B-}" ] || skip "no IPv6 here"
HOST="[$IP6_B]"
talk udp tcp

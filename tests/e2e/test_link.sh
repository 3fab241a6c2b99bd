#!/bin/bash
# SPDX-License-Identifier: MIT
# Two people talk over a bad link, one over udp, the other over tcp; and after
# the link has been away for a while, what was said meanwhile arrives.
# shellcheck source=tests/e2e/talk.sh
. "$(dirname "$0")/talk.sh"

link_start 'delay=25ms,jitter=5ms,loss=10%,dup=2%,reorder=5%'
talk udp tcp
[ "$(link_count ab lost)" -gt 0 ] || fail "the link lost nothing"

link_set 'loss=0,dup=0,reorder=0'
client_start carol 80x24 --udp '#lobby'
joined carol
client_start dave 80x24 --tcp '#lobby'
joined dave
link_set 'down=600s'
say carol 'said in the dark'
never 1 "it passed a link that is down" sees dave 'said in the dark'
link_set 'down=0'
wait_for dave 'carol +said in the dark'

# Without UDP, tcp goes on.
link_set 'block=udp'
say dave 'over tcp'
say carol 'held up'
wait_for dave 'dave +over tcp'
never 1 "udp passed a link that blocks it" sees dave 'held up'
link_set 'block=none'
wait_for dave 'carol +held up'

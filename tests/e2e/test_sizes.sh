#!/bin/bash
# SPDX-License-Identifier: MIT
# A terminal of each size shows what fits it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
client_start alice 80x24 --tcp '#lobby'
joined alice # first: the room is hers
client_start wide 120x40 --tcp '#lobby'
client_start tiny 40x10 --tcp '#lobby'
client_start dot 1x1 --tcp '#lobby'
joined wide

# Two side panes from 100 columns on; F7 and F8 hide them.
wait_for wide '^ *rooms'
wait_for wide '\+&alice'
blind alice '\+ wide' || fail "a side pane at 80 columns"
press wide F7
wait_gone wide '^ *rooms'
press wide F8
wait_gone wide '\+&alice'
press alice F8
wait_for alice '\+ wide'
press alice F8

say tiny 'a line that is longer than the forty columns of my little screen'
wait_for alice 'a line that is longer than the forty columns'
wait_for tiny 'a line that is longer'
wait_for tiny 'my little screen'

# The smallest screen of all lives, too.
say dot 'from a dot'
wait_for alice 'dot +from a dot'
resize dot 80x24
wait_for dot 'dot +from a dot'
say dot /quit
ends dot 0

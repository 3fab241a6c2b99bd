#!/bin/bash
# SPDX-License-Identifier: MIT
# Two people talk, one over tcp, the other over udp.
# shellcheck source=tests/e2e/talk.sh
. "$(dirname "$0")/talk.sh"

talk tcp udp

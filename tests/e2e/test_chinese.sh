#!/bin/bash
# SPDX-License-Identifier: MIT
# The interface in Chinese, also where the machine lacks that locale.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
terminal_start mei 80x24 env LC_ALL=zh_CN.UTF-8 XDG_STATE_HOME="$TMP/mei.state" \
    "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" -n mei --tcp '#lobby'
wait_for mei '在线 1 .*F1 帮助'
wait_for mei '正常 *$'
say mei /help
wait_for mei 'PgDn'
wait_for mei '/join .*进入房间'
press mei Escape
wait_gone mei 'PgDn'
say mei '／quit'
ends mei 0
LC_ALL=zh_CN.UTF-8 "$B/chat-tui" --help >"$TMP/help.log"
check "help in Chinese" logged help '服务器'

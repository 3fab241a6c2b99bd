#!/bin/bash
# SPDX-License-Identifier: MIT
# Chinese, emoji and combining marks arrive as they were sent, and the
# screen stays in its columns.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
client_start alice 80x24 --tcp '#lobby'
client_start 李伟 80x24 --udp '#lobby'
joined alice
joined 李伟
pipe_start pipe --tail '#lobby' --tcp
wait_for alice 'pipe joined'

say 李伟 '早上好，新协议的草稿我看完了。心跳间隔 5 秒。'
wait_for alice '李伟 +早上好，新协议的草稿我看完了。心跳间隔 5 秒。'
say alice '🙂 ok 🚀 end'
wait_for 李伟 'alice +🙂 ok 🚀 end'

# Four marks on a letter stay; the fifth is one too many.
marks=$'e\u0301\u0302\u0303\u0304'
say alice "four ${marks} end"
wait_for 李伟 "four ${marks} end"
say alice "five ${marks}"$'\u0323'" end"
wait_for 李伟 "five ${marks} end"

# What is wide takes two columns: the end of a full row of it shows it.
wide=$(printf '字%.0s' {1..100})
say alice "$wide"
wait_for 李伟 '(字){20,}$'
is "characters on the screen" \
    "$(screen 李伟 | grep -o 字 | wc -l)" 100

eventually "the pipe has it" logged pipe "$marks"
eventually "the pipe has it" logged pipe '心跳间隔 5 秒'
say alice '＋１'
wait_for 李伟 '＋１'
say 李伟 '／quit'
ends 李伟 0

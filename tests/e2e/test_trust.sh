#!/bin/bash
# SPDX-License-Identifier: MIT
# Trust on first use with a person there: the first connection is asked about,
# the answer is kept for both transports, a changed key is refused.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

server_start
key=$(server_key)
is "length of a fingerprint" ${#key} 50

# Enter is no answer; a no leaves us away, and can be taken back.
client_start alice 80x24 -s "$FAR:$TCP/$UDP" --tcp '#lobby'
wait_for alice 'Trust this key'
check "the whole key" shows alice "$key"
press alice Enter
answer alice n
wait_for alice 'was not accepted'
check "not connected" blind alice "$ONLINE"
say alice '/trust'
wait_for alice 'a new key|not accepted'
check "the key on the page" shows alice "$key"
press alice Escape
say alice '/trust yes'
joined alice
check "kept" grep -qxF "$FAR:$TCP $key" "$TMP/alice.state/chat/known_servers"
say alice /stats
wait_for alice 'encryption +TLSv1.3'
press alice Escape
say alice /quit
ends alice 0

# The second time nothing is asked, nor over the other transport.
terminal_start again 80x24 env XDG_STATE_HOME="$TMP/alice.state" \
    "$B/chat-tui" -s "$FAR:$TCP/$UDP" -n alice --udp '#lobby'
joined again
say again /stats
wait_for again 'encryption +DTLSv1.2'
press again Escape

# In Chinese, in a small window; then a yes by key.
terminal_start mei 40x10 env LC_ALL=zh_CN.UTF-8 \
    XDG_STATE_HOME="$TMP/mei.state" "$B/chat-tui" -s "$FAR:$TCP/$UDP" -n mei \
    --tcp '#lobby'
wait_for mei '信任此密钥吗'
check "the whole key in two rows" shows_wrapped mei "$key"
answer mei y
wait_for mei 'mei 进入房间'
say mei /quit
ends mei 0

# In lines, answered by a command.
PANE_TERM=dumb client_start lena 80x24 -s "$FAR:$TCP/$UDP" --tcp '#lobby'
wait_for lena '/trust yes keeps it'
check "the whole key in a line" shows_wrapped lena "$key"
say lena '/trust yes'
wait_for lena 'lena joined'
say lena /quit
ends lena 0

# Another key: refused in the middle of it all, until the person says so.
server_signal KILL
eventually "server gone" gone "$SERVER_PID"
rm "$TMP/server/key.pem" "$TMP/server/cert.pem"
server_start
check "another key" [ "$(server_key)" != "$key" ]
wait_for again 'HAS CHANGED'
wait_for again 'line 3 of|line 3$'
check "not connected" blind again "$ONLINE"
say again '/trust forget'
wait_for again 'Trust this key'
check "the new key" shows again "$(server_key)"
answer again y
joined again
check "kept" grep -qxF "$FAR:$TCP $(server_key)" \
    "$TMP/alice.state/chat/known_servers"
say again /quit
ends again 0

# This machine is not asked about, and not trusted blindly either.
client_start carol 80x24 --tcp '#lobby'
joined carol
check "kept" grep -qxF "127.0.0.1:$TCP $(server_key)" \
    "$TMP/carol.state/chat/known_servers"
server_signal KILL
eventually "server gone" gone "$SERVER_PID"
rm "$TMP/server/key.pem" "$TMP/server/cert.pem"
server_start
wait_for carol 'HAS CHANGED'
say carol /quit
ends carol 0

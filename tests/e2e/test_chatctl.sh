#!/bin/bash
# SPDX-License-Identifier: MIT
# The operator's console: what it shows, whom it obeys, what comes of it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

ctl() {
    "$B/chatctl" --socket "$TMP/server/control.sock" "$@" \
        >"$TMP/ctl.log" 2>"$TMP/ctl.err.log"
}

code() { # WANTED COMMAND...
    "${@:2}"
    is "exit status of ${*:2}" $? "$1"
}

# Without a server.
code 69 ctl status
check "it says what to do" logged ctl.err 'no server answers.*start chat-server'
code 64 ctl
code 64 ctl --nonsense
code 0 "$B/chatctl" --help >"$TMP/help.log"
"$B/chatctl" help | cmp -s - "$TMP/help.log" || fail "help is not --help"
check "help has the commands" logged help '^  fingerprint +its key'
check "a long one, and what it does" logged help '^  unban .*ROOM\]$'
logged help '.{80}' && fail "help is wider than 79 columns"

# What it shows.
conf=$TMP/server.conf
echo 'late = 7000' >"$conf"
server_start -c "$conf" --listen-unix "$TMP/chat.sock"
socket=$TMP/server/control.sock
is "mode of the socket" "$(stat -c %a "$socket")" 600
code 0 ctl fingerprint
print=$("$B/chat-server" --data "$TMP/server" --fingerprint) || fail "no key"
is "the key" "$(awk '$1 == "fingerprint" { print $2 }' "$TMP/ctl.log")" "$print"
check "its file" logged ctl "^certificate +$TMP/server/cert.pem\$"
client_start alice 80x24 --tcp '#lobby'
joined alice
client_start bob 80x24 --udp '#lobby'
joined bob
code 0 ctl --json sessions
check "alice is there" logged ctl \
    '"nick":"alice","state":"ready","transport":"tcp",.*"TLSv1.3",.*"SHA256:'
check "bob is there" logged ctl \
    '"nick":"bob","state":"ready","transport":"udp",.*"DTLSv1.2",.*"SHA256:'
code 0 ctl sessions
check "in columns" logged ctl '^[0-9]+ +bob +ready +udp '
code 0 ctl status --json
check "status" logged ctl '"ready":2,.*"tcp":1,"udp":1,.*"encrypted":2,'
check "where it listens" logged ctl "tcp=127.0.0.1:$TCP udp=127.0.0.1:$UDP"
code 0 ctl rooms
check "rooms" logged ctl '^[0-9]+ +#lobby +2 +2 '
code 0 ctl accounts
check "accounts" logged ctl '^[0-9]+ +alice +here .* admin$'
check "accounts" logged ctl '^[0-9]+ +bob +here .* user$'
code 0 ctl metrics
check "metrics" logged ctl '^chat_sessions 2$'
code 0 env CHAT_CONTROL="$socket" "$B/chatctl" status >"$TMP/env.log"
check "the environment finds it" logged env '^ready +2$'
XDG_STATE_HOME=$TMP/ctl-state
mkdir -p "$XDG_STATE_HOME"
ln -s "$TMP/server" "$XDG_STATE_HOME/chat-server"
code 0 "$B/chatctl" status >"$TMP/default.log"
check "it is found where servers are" logged default '^ready +2$'
code 64 ctl frobnicate
check "it says which" logged ctl.err '^chatctl: frobnicate: '
code 64 ctl shutdown tomorrow
server_said 'control.run command="sessions" uid=' || fail "not in the log"

# The log.
code 0 ctl log-level
check "as it is" logged ctl '^level +info$'
code 0 ctl log-level warning
code 0 ctl check
server_said 'control.run command="check".*exit=0' && fail "in the log"
check "who wanted that" server_said \
    'warning log.level from="info" to="warning" uid='
code 0 ctl log-level debug
say alice '/kick nobody'
eventually "a refusal" server_said 'debug command.refused .*"KICK" code='
code 64 ctl log-level all
code 0 ctl reload
code 0 ctl log-level
check "the configuration counts again" logged ctl '^level +info$'

# The configuration.
echo 'late = 7100' >"$conf"
code 0 ctl check
check "what would come" logged ctl 'key="late" from="7000" to="7100"'
code 0 ctl reload
check "what came" logged ctl 'config.reload changed=1'
echo 'late = soon' >"$conf"
code 78 ctl reload
check "what did not" logged ctl 'config.refused .*server.conf:1'
check "and it says so" logged ctl.err 'stays as it was'

# What everybody is told, and one who is thrown out.
terminal_start mei 80x24 env LC_ALL=zh_CN.UTF-8 XDG_STATE_HOME="$TMP/mei.state" \
    "$B/chat-tui" -s "127.0.0.1:$TCP/$UDP" -n mei --tcp '#other'
joined mei
code 0 ctl announce 'tea is' '"ready"'
check "to all three" logged ctl '^sessions +3$'
wait_for alice 'the operator says: tea is "ready"'
wait_for bob 'the operator says: tea is "ready"'
wait_for mei '管理员通知：tea is "ready"'
code 0 ctl shutdown 3600
wait_for bob 'the server goes down in 60 min'
wait_for mei '服务器将在 60 分钟后停机'
code 0 ctl status
check "it is to come" logged ctl '^down_in +59m'
code 0 ctl shutdown off
code 0 ctl status
check "it is not" logged ctl '^down_in +-$'
code 0 ctl kick mei '吃饭了'
wait_for mei '管理员结束了这个会话 \(吃饭了\)；/reconnect'
code 67 ctl kick nobody
code 69 ctl kick mei
pipe_start tail --tail '#lobby'
eventually "it follows" server_said 'nick="tail"'
code 0 ctl kick tail enough
eventually "it ends" gone "$PIPE_PID"
check "it says why" logged tail.err 'the operator ended this session \(enough\)'
say mei /reconnect
joined mei
code 0 ctl --json sessions
check "mei is back" logged ctl '"nick":"mei","state":"ready"'

# Somebody else.
if [ "$(id -u)" = 0 ] && command -v setpriv >"$TMP/setpriv.log"; then
    cp "$B/chatctl" "$TMP/chatctl"
    stranger() {
        setpriv --reuid=65534 --regid=65534 --clear-groups \
            "$TMP/chatctl" --socket "$socket" "$@" 2>"$TMP/ctl.err.log"
    }
    chmod 755 "$TMP" "$TMP/server" "$TMP/chatctl"
    code 77 stranger status
    check "by the file's mode" logged ctl.err 'not allowed'
    chmod 666 "$socket"
    code 77 stranger shutdown
    check "by who it is" logged ctl.err 'you are uid 65534'
    server_said 'control.refused uid=65534' || fail "not in the log"
fi
check "it lives" kill -0 "$SERVER_PID"

# The end.
code 64 ctl invite -1
check "it says what a number is" logged ctl.err '^chatctl: invite: -1: USES is a'
code 64 ctl shutdown -5
check "of seconds as well" logged ctl.err '^chatctl: shutdown: -5: neither'
code 0 ctl shutdown
eventually "it ends" gone "$SERVER_PID"
check "the log says why" server_said 'info server.stop why="chatctl shutdown"$'
[ ! -e "$socket" ] || fail "the socket is left"
wait_gone alice "$ONLINE"
code 69 ctl status
server_start --control off --listen-metrics 127.0.0.1:0
[ ! -e "$socket" ] || fail "there is a socket"

# Watched over HTTP, also while eight others are connected and say nothing.
[[ $READY =~ metrics=127.0.0.1:([0-9]+) ]] || fail "no port for metrics"
port=${BASH_REMATCH[1]}
fetch() { # METHOD PATH
    exec 5<>"/dev/tcp/127.0.0.1/$port" || return
    printf '%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$1" "$2" >&5
    tr -d '\r' <&5 >"$TMP/http.log"
    exec 5>&-
}
fetch GET /health
is "health" "$(head -n 1 "$TMP/http.log")" 'HTTP/1.1 200 OK'
fetch GET /metrics
check "metrics" logged http '^chat_sessions 0$'
fetch GET /etc/passwd
is "nothing else" "$(head -n 1 "$TMP/http.log")" 'HTTP/1.1 404 Not Found'
mkfifo "$TMP/crowd.in"
: >"$TMP/crowd.log"
"$B/tests/e2e/hostile" crowd "$port" 8 <>"$TMP/crowd.in" >"$TMP/crowd.log" &
PIDS+=($!)
disown
eventually "eight are there" logged crowd '^8 connected'
fetch GET /health &
waiting=$!
PIDS+=("$waiting")
never 1 "a ninth is answered" gone "$waiting"
echo >"$TMP/crowd.in"
eventually "then it is" gone "$waiting"
is "health" "$(tail -n 1 "$TMP/http.log")" ok

# A socket that is left behind is taken over.
server_signal KILL
eventually "it ends" gone "$SERVER_PID"
server_start
code 0 ctl status
server_signal KILL
eventually "it ends" gone "$SERVER_PID"
[ -S "$socket" ] || fail "no socket is left"
code 69 ctl status
server_start
code 0 ctl status

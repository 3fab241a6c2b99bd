#!/bin/bash
# SPDX-License-Identifier: MIT
# The disk is full: nothing is acknowledged, what is there can be read, the
# operator is told; as soon as there is room again, all goes on by itself.
if [ -z "${OWN_MOUNTS-}" ]; then # nobody else sees the small disk
    unshare --mount true 2>/dev/null || {
        echo "SKIP no right to mount anything"
        exit 77
    }
    OWN_MOUNTS=1 exec unshare --mount "$0" "$@"
fi
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir "$TMP/disk"
mount -t tmpfs -o size=8m none "$TMP/disk" 2>"$TMP/mount.log" ||
    skip "no right to mount a disk: $(cat "$TMP/mount.log")"
trap 'umount -l "$TMP/disk"; cleanup' EXIT

start() {
    server_start --rate-limit off --data "$TMP/disk/server"
}

start
client_start alice 80x24 --tcp '#lobby'
client_start bob 80x24 --udp '#lobby'
joined alice
joined bob
say alice 'there was room'
wait_for bob 'alice +there was room'

# All of it is taken, to the last byte.
dd if=/dev/zero of="$TMP/disk/ballast" bs=1k 2>"$TMP/dd.log"
check "the disk is full" grep -q 'No space' "$TMP/dd.log"
long=$(printf 'x%.0s' {1..2000})
for i in 1 2 3 4; do # more than is left of the page that was the last
    printf '%s\n' "too much $i $long"
done | send carol '#big' >"$TMP/carol.log" 2>&1 &
PIDS+=($!)
carol=$!
eventually "the operator is told" server_said 'store.(failed|trouble)'
say bob 'nobody hears this'
wait_for bob 'nobody hears this'
never 1 "it is told" sees alice 'bob +nobody hears this'
client_start dave 80x24 --tcp '#lobby'
control() {
    "$B/chatctl" --socket "$TMP/disk/server/control.sock" "$@" >"$TMP/ctl.log"
}
control status
check "status says why" logged ctl '^store +.*(full|disk)'
check "reading goes on" shows bob 'there was room'

# There is room again.
pid=$SERVER_PID
rm "$TMP/disk/ballast"
wait_for alice 'bob +nobody hears this'
wait_for dave 'alice +there was room'
wait_for dave 'bob +nobody hears this'
control status
check "status says that it is well" logged ctl '^store +good$'
wait "$carol"
is "exit status of carol" $? 0
is "it is the same server" "$SERVER_PID" "$pid"
check "it runs" kill -0 "$pid"

# What was acknowledged is there.
server_signal KILL
start
client_start erin 80x24 --tcp '#lobby'
wait_for erin 'alice +there was room'
wait_for erin 'bob +nobody hears this'

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: install.sh BUILD
# `make install` puts everything in its place, `make uninstall` takes all of it
# away again.
set -eu
cd "$(dirname "$0")/.."

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
make=${MAKE:-make}
"$make" -s install B="$1" DESTDIR="$root" PREFIX=/usr/local

for file in bin/chat-server bin/chat-tui bin/chatctl \
    share/man/man1/chat-tui.1 share/man/man8/chat-server.8 \
    share/man/man8/chatctl.8 share/man/man5/chat-tui.conf.5 \
    share/man/man5/chat-server.conf.5 share/man/man7/chat-protocol.7 \
    share/locale/zh_CN/LC_MESSAGES/chat.mo share/doc/chat/README.md \
    share/doc/chat/examples/chat-server.conf \
    share/doc/chat/examples/chat-tui.conf \
    lib/systemd/system/chat-server.service \
    lib/systemd/system/chat-server.socket; do
    [ -s "$root/usr/local/$file" ] || { echo "missing: $file" && exit 1; }
done
"$root/usr/local/bin/chat-tui" --version
"$root/usr/local/bin/chat-server" --version
"$root/usr/local/bin/chatctl" --version

# Of 100 points for what a service could do, ours may do few.
if command -v systemd-analyze >/dev/null; then
    units=$root/usr/local/lib/systemd/system
    systemd-analyze security --offline=true --threshold=15 --no-pager \
        "$units/chat-server.service" | tail -n 1
fi

"$make" -s uninstall B="$1" DESTDIR="$root" PREFIX=/usr/local
[ -z "$(find "$root" -type f)" ] || { find "$root" -type f && exit 1; }

#!/bin/sh
# SPDX-License-Identifier: MIT
# Every text for people is translated, in every language there is.
set -u
cd "$(dirname "$0")/.." || exit 70
export LC_ALL=C.UTF-8

bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tui/po.sh template "$tmp/chat.pot" || exit 1
for po in tui/*.po; do
    msgmerge -q -N -o "$tmp/new.po" "$po" "$tmp/chat.pot" || bad=1
    msgattrib --untranslated --no-obsolete "$tmp/new.po" >"$tmp/todo"
    msgattrib --only-fuzzy --no-obsolete "$tmp/new.po" >>"$tmp/todo"
    if [ -s "$tmp/todo" ]; then
        echo "$po: run \`make po\` and translate:"
        cat "$tmp/todo"
        bad=1
    fi
    msgfmt --check -o /dev/null "$po" || bad=1
done
exit $bad

#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: po.sh update           merge the texts of the sources into every .po
#        po.sh template FILE    write them to FILE
set -eu
cd "$(dirname "$0")/.."

template() {
    xgettext -o "$1" --package-name=chat --from-code=UTF-8 -L C -F \
        -k -k_ -kN_ -kngettext:1,2 -kERROR:4 --no-location \
        tui/*.[ch] tui/*.def shared/option*.c shared/errors.def
}

case ${1-} in
template) template "$2" ;;
update)
    mkdir -p build
    template build/chat.pot
    for po in tui/*.po; do
        msgmerge -q -U -N --backup=none "$po" build/chat.pot
    done
    ;;
*)
    sed -n 's/^# //p' "$0" >&2
    exit 64
    ;;
esac

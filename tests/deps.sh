#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: deps.sh PACKAGE...
# Install those Debian packages that are missing, as root or through sudo.
# Where neither works, print the line to type and stop.
set -u

missing=
if ! command -v dpkg-query >/dev/null; then
    exit 0 # not a Debian: the compiler will tell what it lacks
fi
for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
        grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n"
elif [ -t 0 ] && command -v sudo >/dev/null; then
    sudo=sudo # asks for the password
else
    printf 'Packages are missing. As root, run:\n    apt-get update && %s\n' \
        "$install" >&2
    exit 1
fi

echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
as_root() {
    $sudo env DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$log" 2>&1
}
# Package lists are fetched only when those at hand do not do.
# shellcheck disable=SC2086 # a list of words
as_root $install || { as_root apt-get update && as_root $install; } || {
    tail -n 20 "$log" >&2
    printf 'That failed. As root, run:\n    apt-get update && %s\n' \
        "$install" >&2
    exit 1
}

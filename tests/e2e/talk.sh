# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Two people who come, talk and go, each over a transport: talk TCP|UDP TCP|UDP

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

talk() {
    server_start
    client_start alice 80x24 "--$1" '#lobby'
    joined alice
    client_start bob 80x24 "--$2" '#lobby'
    joined bob
    wait_for alice "$1 "
    wait_for bob "$2 "
    wait_for alice 'bob.*(joined|entered)'

    say alice 'hello from alice'
    wait_for bob 'alice +hello from alice'
    say bob 'and hello back'
    wait_for alice 'bob +and hello back'
    is "alice's own line" "$(times alice 'alice +hello from alice')" 1
    is "bob's line at alice's" "$(times alice 'and hello back')" 1

    say alice '/me waves'
    wait_for bob 'alice waves'
    say alice '/topic tea at four'
    wait_for bob '^ *#lobby.*tea at four'

    say alice QUIT
    ends alice 0
    wait_for bob 'alice.*(goodbye|left|quit|gone)'
    say bob /quit
    ends bob 0
}

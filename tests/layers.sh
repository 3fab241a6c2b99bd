#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: layers.sh BUILD
# Prove from the object files who calls whom.
#     1  A file calls files on its own line of LINES and on lines below it;
#        server and tui do not know each other, shared knows neither.  A file
#        without a line is an error.
#     2  What comes from outside is in OUTSIDE.  So sockets, files, clocks,
#        threads, uv and curses stay in the edges.
#     3  No variable outlives a call, but those in VARIABLES.
set -u
cd "$(dirname "$0")/.." || exit 70
export LC_ALL=C

B=${1:-build}

# From the top.  Files on one line are parts of one thing, or do not meet.
LINES='
server  main chatctl
server  net net_listen net_peer net_stream net_dgram net_inquiry
server  inquiry
server  control control_act control_ban control_bans control_list control_look control_person control_rule control_store control_walk http
server  service
server  census
server  endpoint
server  hub hub_door hub_in keys storage
server  doze
server  pull
server  settle verbs
server  change decree enrol login moderate mood penalty sync talk
server  order
server  prove secret
server  call presence query reading revive seek
server  world people record retain errand
server  permit
server  room search store store_ask store_chore store_put
server  admit hasher config gate keyfile sheet store_crew
server  store_copy
server  index index_find
server  store_db store_read store_recall store_schema store_write
server  account session
server  codes counters sanction
server  credential recent store_batch tally throttle waiting
server  store_pile
server  address answer datadir event gather heap histogram keep lite log map metrics part privileges runfile supervisor terms thread touched words

tui     main
tui     app pipe
tui     setup
tui     keymap keymap_act keymap_mode complete command command_amend command_find command_link command_look command_order command_talk
tui     chat found going
tui     guard net dial inlet outlet
tui     client conn delivery enrol enter greeting meeting order race request
tui     find screen view
tui     stage
tui     apply bars pane sides terminfo
tui     block edit_kill edit_recall keys layout manner page presence roll tail unread
tui     edit keyseq lines model outbox plain settings station tty trust
tui     address amend bytes canvas glyph goal history history_leap hits identity journal judge key known lang member phrase pump question recall rescue secret sink state switcher theme ui undo wrap
tui     files
'

# Files, and the symbols they may use: extended regular expressions.
OUTSIDE='
.*                    mem(cpy|move|set|cmp|chr|rchr)|str(len|cmp|ncmp|chr|rchr|str|cspn|spn|pbrk)
.*                    strto(ul|ull|l|ll|d|umax)|v?snprintf|qsort|bsearch|free|strerror
.*                    __assert_fail|__errno_location|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_
shared/.*             utf8proc_.*
shared/mem            malloc|calloc|realloc|abort|fprintf|fputs|fwrite|stderr
shared/(wire_dump|option_help)  fprintf|fputc|fputs|fwrite|putc
shared/option          dcgettext
shared/secure.*       [A-Z][A-Z0-9a-z]*_.*|[di]2[di]_.*

server/(main|net|net_listen|net_stream|net_dgram|net_inquiry)  uv_.*
server/main           umask|getrlimit|setrlimit|fflush|ferror|fprintf|fwrite|fputs|puts|std(out|err)
server/net            clock_gettime|signal|getsockname|abort|fprintf|fputc|fwrite|stderr
server/net_peer       getsockopt|getpw(uid|nam)_r
server/net_inquiry    getsockopt|geteuid|close
server/net_listen     fcntl|socket|setsockopt|bind|listen|accept|connect|close|stat|unlink|umask
server/address        getaddrinfo|freeaddrinfo|gai_strerror|inet_(ntop|pton)
server/supervisor     sd_.*|getenv|fstat
server/privileges     [gs]ete?[ug]id|initgroups|getpwnam|chown|stat|access
server/part           access|realpath|open|close|rename|fsync|unlink
server/runfile        open|close|pread|pwrite|flock|fdatasync
server/hasher         pthread_.*|argon2.*
server/store_crew     pthread_.*|clock_gettime
server/search         pthread_.*
server/thread         pthread_.*|sigfillset|setpriority|clock_gettime
server/store_(copy|db|read|recall|schema|write)  sqlite3_.*
server/(gather|lite|index|index_find)  sqlite3_.*
server/index          unlink
server/keyfile        open|close|read|write|link|unlink|rename|f?stat|fsync|getpid
server/datadir        mkdir|getenv|geteuid
server/chatctl        getcwd|socket|setsockopt|connect|close|send|fdopen|fgets|fflush|fclose|ferror|getenv|f?printf|f?put[cs]|putchar|puts|fwrite|std(out|err)
server/(answer|http)  open_memstream|fclose
server/(control.*|http|sheet)  fprintf|fputs|fputc|fwrite
server/config         fopen|fclose|fread|ferror
server/log            fwrite|fileno|poll|gmtime_r|strftime
server/(metrics|histogram)  fprintf

tui/.*                dcn?gettext
tui/address           inet_pton
tui/(presence|block|plain)  localtime_r|gmtime_r|strftime
tui/command.*         open_memstream|fclose|fprintf|fputc|fputs|nl_langinfo|setlocale
tui/command_find      mktime
tui/(found|going)     open_memstream|fclose|fprintf|fputc|fputs|localtime_r|strftime
tui/keymap            fprintf
tui/(canvas|sink)     fputc|fwrite
tui/sink              shm_(open|unlink)|tmpfile|fdopen|fileno|fflush|fclose|pread|lseek|getpid
tui/glyph             wcwidth
tui/edit_kill         utf8proc_category
tui/lang              getenv|setenv|setlocale|nl_langinfo|(bind|bind_)?textdomain(_codeset)?
tui/settings          stat|getenv|getpwuid|getuid|fopen|fclose|fread|ferror|fputs
tui/setup             gethostname|getenv|setlocale|fprintf|stderr
tui/guard             isatty
tui/(journal|files)   open|close|read|write|lseek|f?stat|rename|unlink|mkdir|flock|f(data)?sync|ftruncate
tui/journal           sprintf
tui/files             getenv|getpid
tui/(main|app|net|dial|tty|pipe|inlet|outlet)  uv_.*
tui/net               clock_gettime|abort|fprintf|stderr
tui/pipe              isatty|fprintf|fputc|stderr
tui/(inlet|outlet)    open|close|read|write|isatty|fstat|fcntl
tui/app               getenv
tui/main              open|close|getenv|isatty|signal|fprintf|puts|std(out|err)
tui/pump              read|write|poll
tui/rescue            atexit|raise|sig(action|addset|emptyset|altstack)|tcsetattr|write
tui/secret            open|close|read|write|isatty|tc(get|set)attr
tui/tty               open|close|read|ioctl|isatty|kill|ttyname_r|tc(flush|getattr|setattr)|sig(action|addset|emptyset|procmask)
tui/(screen|stage)    newterm|delscreen|endwin|isendwin|doupdate|wnoutrefresh|erase|clearok|curs_set|curscr|stdscr|getcur[xy]|idlok|move|mvadd_wch|nonl|typeahead|use_env|resize_term|setcchar
tui/(screen|stage)    COLORS|has_colors|start_color|init_pair|use_default_colors|nl_langinfo|getenv|fopen|fclose|fflush|fwrite
tui/stage             (un)?setenv
tui/terminfo          cur_term|(del_cur|setup)term|tiget(flag|str)|tiparm|getenv|fputs|fwrite
'

# file  variable  why nothing else will do
VARIABLES='
tui/rescue  rescue  a signal handler is called without an argument
'

# Lines of `file symbol type`: U when used, V when it is a variable.
symbols() {
    local source object
    for source in shared/*.c server/*.c tui/*.c; do
        object=$B/${source%.c}.o
        nm -P "$object" | awk -v f="${source%.c}" '{ print f, $1, $2 }'
        objdump -t "$object" | awk -v f="${source%.c}" '
            / O (\.data|\.bss|\.tbss|\.tdata|\*COM\*)/ &&
            !/ \.data\.rel\.ro/ { print f, $NF, "V" }'
    done
}

symbols | awk -v lines="$LINES" -v outside="$OUTSIDE" -v vars="$VARIABLES" '
function complain(text) {
    if (!said[text]++) print "layers: " text
}
function may_use(file, symbol,    i) {
    for (i = 1; i <= rules; i++)
        if (file ~ files[i] && symbol ~ allowed[i]) return 1
    return 0
}
BEGIN {
    n = split(lines, line, "\n")
    for (i = 1; i <= n; i++) {
        m = split(line[i], word, " ")
        for (k = 2; k <= m; k++) rank[word[1] "/" word[k]] = i
    }
    n = split(outside, line, "\n")
    for (i = 1; i <= n; i++)
        if (split(line[i], word, " ") == 2) {
            files[++rules] = "^" word[1] "$"
            allowed[rules] = "^(" word[2] ")$"
        }
    n = split(vars, line, "\n")
    for (i = 1; i <= n; i++)
        if (split(line[i], word, " ") > 2) excused[word[1] " " word[2]] = 1
}
{
    sub(/@.*/, "", $2)
    folder[$1] = substr($1, 1, index($1, "/") - 1)
}
$3 == "V" && !excused[$1 " " $2] { complain($1 ": variable " $2) }
$3 ~ /^[TDRBC]$/ { home[folder[$1], $2] = $1 }
$3 == "U" {
    # The checking twins of libc functions count as the functions.
    if (sub(/_chk$/, "", $2)) sub(/^__/, "", $2)
    sub(/^__isoc99_/, "", $2)
    user[++uses] = $1
    used[uses] = $2
}
END {
    for (f in folder)
        if (folder[f] != "shared" && !(f in rank))
            complain(f ".c has no line")
    for (i = 1; i <= uses; i++) {
        f = user[i]
        s = used[i]
        if ((folder[f], s) in home) {
            to = home[folder[f], s]
            if (rank[f] > rank[to]) complain(f " calls upward: " s " of " to)
        } else if (!(("shared", s) in home) && !may_use(f, s))
            complain(f " uses " s)
    }
    for (text in said) bad = 1
    exit bad
}'

/* SPDX-License-Identifier: MIT
 *
 * The operator's console without a socket: words, sheets, commands, and the
 * course of a connection.
 */
#include "tests/desk.h"

#include <sysexits.h>
#include <unistd.h>

#include "server/answer.h"
#include "server/inquiry.h"
#include "server/sheet.h"
#include "server/words.h"
#include "shared/error.h"

/* ---- words ---- */

static void check_words(const char *line, size_t n, const char *const *want)
{
    struct words words;
    const char *why;

    assert_int_equal(words_parse(&words, str_of(line), &why), 0);
    assert_int_equal(words.n, n);
    for (size_t i = 0; i < n; i++)
        assert_true(str_is(words.word[i], want[i]));
    words_free(&words);
}

static void test_words_are_between_blanks_or_in_quotes(void **state)
{
    const char *const two[] = { "kick", "李伟" };
    const char *const quoted[] = { "a", "", "b c", "\"\\\n\t", "d" };

    (void)state;
    check_words("", 0, NULL);
    check_words(" \t ", 0, NULL);
    check_words("  kick \t李伟 ", 2, two);
    check_words("a \"\" \"b c\" \"\\\"\\\\\\n\\t\" d", 5, quoted);
}

static void check_bad(struct str line, const char *about)
{
    struct words words;
    const char *why = NULL;

    assert_int_equal(words_parse(&words, line, &why), -1);
    if (!strstr(why, about))
        fail_msg("\"%s\" does not say %s", why, about);
    words_free(&words);
}

static void test_words_that_are_none_are_refused(void **state)
{
    char many[2 * (WORDS_MAX + 1)];

    (void)state;
    check_bad(S("say \"hello"), "not closed");
    check_bad(S("say \"hello\\"), "backslash");
    check_bad(S("say \"\\x\""), "backslash");
    check_bad(S("say \"a\"b"), "blank");
    check_bad(S("say a\"b\""), "within");
    check_bad(S("say \xff"), "UTF-8");
    check_bad(S("say \x1b[2J"), "control");
    check_bad(S("say a\0b"), "control");
    check_bad(S("say a\nb"), "control");
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? ' ' : 'a';
    check_bad(str_bytes(many, sizeof many), "too many");
}

/* Words at random of what is special, there and back. */
static void test_words_come_back_from_quotes(void **state)
{
    static const char *const PARTS[] = { "a",  " ",  "\"", "\\", "\n",
                                         "\t", "李", "-",  "n",  "'" };
    struct rng rng = { test_seed(0x30b5) };

    (void)state;
    for (int round = 0; round < 2000; round++) {
        char word[64] = "", line[256] = "x ";
        struct words words;
        const char *why;
        size_t n;

        for (uint64_t i = rng_below(&rng, 10); i > 0; i--)
            strcat(word, PARTS[rng_below(&rng, sizeof PARTS / sizeof *PARTS)]);
        n = words_quote(str_of(word), line + 2, sizeof line - 3);
        assert_true(n > 0);
        assert_int_equal(words_parse(&words, str_bytes(line, n + 2), &why), 0);
        assert_int_equal(words.n, 2);
        assert_true(str_is(words.word[1], word));
        words_free(&words);
    }
    assert_int_equal(words_quote(S("abc"), (char[4]){ 0 }, 4), 0);
}

/* ---- sheets ---- */

static const struct column COLUMNS[] = {
    { "name", UNIT_NONE }, { "age", UNIT_SECONDS }, { "size", UNIT_BYTES },
    { "rtt", UNIT_MS },    { "at", UNIT_TIME },
};

enum { N_COLUMNS = sizeof COLUMNS / sizeof *COLUMNS };

static void fill(struct sheet *sheet)
{
    sheet_str(sheet, S("李\"\\\x1b"));
    sheet_num(sheet, 12345);
    sheet_num(sheet, 1400000);
    sheet_num(sheet, 23);
    sheet_num(sheet, 1700000000125);
    sheet_str(sheet, S("bob"));
    sheet_num(sheet, 59);
    sheet_num(sheet, 1023);
    sheet_none(sheet);
    sheet_none(sheet);
}

/* What both rows look like; owner frees. */
static char *print_sheet(bool json)
{
    struct answer answer;
    struct sheet sheet;
    char *text;
    size_t len;

    answer_begin(&answer, json);
    sheet_begin(&sheet, &answer, COLUMNS, N_COLUMNS);
    fill(&sheet);
    sheet_rows(&sheet);
    text = answer_take(&answer, &len);
    sheet_end(&sheet);
    answer_end(&answer);
    return text;
}

static void test_sheet_is_aligned_by_cells(void **state)
{
    char *text = print_sheet(false);

    (void)state;
    assert_string_equal(
        text, "name    age    size  rtt   at\n"
              "李\"\\^[  3h25m  1.3M  23ms  2023-11-14T22:13:20.125Z\n"
              "bob     59s    1023  -     -\n");
    free(text);
}

static void test_sheet_is_an_object_a_row(void **state)
{
    char *text = print_sheet(true);

    (void)state;
    assert_string_equal(text,
                        "{\"name\":\"李\\\"\\\\^[\",\"age_s\":12345,"
                        "\"size_bytes\":1400000,\"rtt_ms\":23,"
                        "\"at\":\"2023-11-14T22:13:20.125Z\"}\n"
                        "{\"name\":\"bob\",\"age_s\":59,\"size_bytes\":1023,"
                        "\"rtt_ms\":null,\"at\":null}\n");
    free(text);
}

static void test_sheet_spells_numbers(void **state)
{
    static const struct column ONE[] = { { "n", UNIT_BYTES },
                                         { "s", UNIT_SECONDS } };

    static const struct {
        uint64_t n;
        const char *bytes, *seconds;
    } CASES[] = {
        { 0, "0", "0s" },
        { 60, "60", "1m00s" },
        { 1024, "1.0K", "17m04s" },
        { 86400, "84.3K", "1d00h" },
        { 1048575, "1023.9K", "12d03h" },
        { 1048576, "1.0M", "12d03h" },
        { UINT64_MAX, "15.9E", "213503982334601d07h" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct answer answer;
        struct sheet sheet;
        char want[128], *text;
        size_t len;

        answer_begin(&answer, false);
        sheet_begin(&sheet, &answer, ONE, 2);
        sheet_num(&sheet, CASES[i].n);
        sheet_num(&sheet, CASES[i].n);
        sheet_facts(&sheet);
        text = answer_take(&answer, &len);
        snprintf(want, sizeof want, "n  %s\ns  %s\n", CASES[i].bytes,
                 CASES[i].seconds);
        assert_string_equal(text, want);
        free(text);
        sheet_end(&sheet);
        answer_end(&answer);
    }
}

/* ---- commands ---- */

static void test_control_admits_its_own_user_and_root(void **state)
{
    struct desk *d = *state;
    struct asker other = { .uid = 8, .pid = 5, .own = 7 };
    struct asker root = { .uid = 0, .own = 7 };

    assert_true(control_admits(&d->asker));
    assert_true(control_admits(&root));
    assert_false(control_admits(&other));
    d->asker = other;
    check_says(d, "shutdown", "!only the server's user (uid 7) and root");
    check_code(d, EX_NOPERM);
    assert_true(d->service.stop_us == NEVER);
    assert_true(logged(d, "control.refused uid=8 pid=5"));
}

static void test_control_refuses_what_it_does_not_know(void **state)
{
    struct desk *d = *state;

    check_says(d, "", "missing");
    check_code(d, EX_USAGE);
    check_says(d, "--json", "missing");
    check_says(d, "frobnicate now", "!frobnicate: ");
    check_code(d, EX_USAGE);
    check_says(d, "status please", "!status: usage: status\n");
    check_code(d, EX_USAGE);
    check_says(d, "status \"", "not closed");
    check_code(d, EX_DATAERR);
    assert_false(logged(d, "control.run"));
}

static void test_control_has_a_name_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTROL_ROWS_LEN; i++) {
        assert_true(CONTROL_ROWS[i].min <= CONTROL_ROWS[i].max);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(CONTROL_ROWS[i].name, CONTROL_ROWS[k].name);
    }
}

static void test_control_says_how_the_server_is(void **state)
{
    struct desk *d = *state;
    struct peer *ana = enter(d->rig, "ana");
    struct peer *bob = enter_as(d->rig, TRANSPORT_UDP, "bob", 5, str_of(NULL));

    join(ana, "#ops");
    peer_new(d->rig, TRANSPORT_TCP); /* says nothing yet */
    pass(d->rig, 90000 / 10);
    d->service.memory = 3 << 20;
    check_says(d, "status", " version    " VERSION "\n");
    check_code(d, 0);
    check_says(d, "status", " listens    tcp=127.0.0.1:8555\n");
    check_says(d, "status", " uptime     9s\n");
    check_says(d, "status", " memory     3.0M\n");
    check_says(d, "status", " store      good\n");
    check_says(d, "--json status",
               "\"sessions\":3,\"handshake\":0,\"greeting\":1,\"ready\":2,"
               "\"dormant\":0,\"closing\":0,\"lagging\":0,\"tcp\":2,\"udp\":1,"
               "\"unix\":0,\"encrypted\":0,");
    check_says(d, "--json status", "\"accounts\":2,\"online\":2,\"rooms\":1,");
    assert_true(
        logged(d, "control.run command=\"status\" uid=7 pid=99 exit=0"));
    (void)bob;
}

static void test_control_shows_what_is_wrong_with_the_store(void **state)
{
    struct desk *d = *state;

    enter(d->rig, "bob");
    check_says(d, "--json status", ",\"store\":\"good\"}\n");
    store_fail(d->rig->w->store, 1);
    ask(d, "ban bob");
    check_says(d, "status", " store      STORE\n");
    ask(d, "ban bob");
    check_says(d, "status", " store      good\n");
    d->rig->w->trouble = "database or disk is full"; /* as SQLite says it */
    check_says(d, "--json status",
               ",\"store\":\"database or disk is full\"}\n");
}

static void test_control_lists_sessions_in_their_order(void **state)
{
    struct desk *d = *state;
    unsigned seen = 0;
    char nick[16];

    for (int i = 0; i < 40; i++) {
        snprintf(nick, sizeof nick, "p%d", i);
        enter(d->rig, nick);
    }
    ask(d, "--json sessions");
    for (const char *p = d->answer; *p == ' '; p = strchr(p, '\n') + 1) {
        assert_int_equal(strtoul(strchr(p, ':') + 1, NULL, 10), ++seen);
        snprintf(nick, sizeof nick, "\"p%u\"", seen - 1);
        assert_non_null(strstr(p, nick));
    }
    check_says(d, "--json sessions",
               "{\"session\":40,\"nick\":\"p39\",\"state\":\"ready\","
               "\"transport\":\"tcp\",\"address\":\"memory\","
               "\"encryption\":null,\"idle_s\":null,\"rtt_ms\":null,\"loss\":0,"
               "\"queued_bytes\":0,\"since\":\"2023-11-14T22:13:20.000Z\","
               "\"key\":null}");
    check_says(d, "sessions", " 40       p39 ");
}

/* Whoever has one is no guest any more, and the first is an admin. */
static void give_key(struct desk *d, const struct peer *p, const char *label)
{
    struct fingerprint key = { { (uint8_t)(8 + p->account) } };

    world_bind(d->rig->w, world_account(d->rig->w, p->account), &key,
               str_of(label), d->rig->now);
    settle(d->rig);
}

static void test_control_lists_rooms_and_accounts(void **state)
{
    struct desk *d = *state;
    struct peer *ana = enter(d->rig, "ana"), *li = enter(d->rig, "李伟");
    uint64_t room = join(ana, "#ops");

    join(li, "#ops");
    join(li, "#other");
    say_text(ana, room, "hello");
    settle(d->rig);
    cut(ana);
    check_says(
        d, "--json rooms",
        "{\"room\":1,\"name\":\"#ops\",\"members\":2,\"online\":1,"
        "\"last\":3,\"first\":1,\"changed\":\"2023-11-14T22:13:20.000Z\","
        "\"topic\":\"\"}\n {\"room\":2,\"name\":\"#other\",");
    check_says(d, "--json accounts",
               "{\"account\":1,\"nick\":\"ana\",\"state\":\"gone\",");
    check_says(d, "--json accounts",
               "{\"account\":2,\"nick\":\"李伟\",\"state\":\"here\",");
    check_code(d, 0);
    check_says(d, "accounts", "  rank\n");
    check_says(d, "--json accounts", ",\"away\":\"\",\"rank\":\"guest\"}\n");
    give_key(d, ana, "laptop");
    check_says(d, "--json accounts", ",\"rank\":\"admin\"}\n");
    give_key(d, li, "laptop");
    check_says(d, "--json accounts", ",\"rank\":\"user\"}\n");
    check_says(d, "rooms", " 1     #ops    2        1       3     1      2023");
}

static void test_control_shows_the_key(void **state)
{
    struct desk *d = *state;
    char memory[] = ":memory:", text[FINGERPRINT_TEXT];
    struct settings in_memory = { .data = memory };
    struct fingerprint print;

    check_says(d, "fingerprint", "!the server has no key");
    check_code(d, EX_UNAVAILABLE);
    assert_int_equal(
        keys_open(&d->service.keys, &in_memory, "test", d->rig->now), 0);
    print = secure_base_fingerprint(d->service.keys.base);
    fingerprint_text(&print, text);
    check_says(d, "fingerprint", text);
    check_says(d, "--json fingerprint",
               "\",\"key\":null,\"certificate\":null}");
    check_code(d, 0);
}

static void test_control_shows_the_counters(void **state)
{
    struct desk *d = *state;

    enter(d->rig, "ana");
    enter_as(d->rig, TRANSPORT_UDP, "bob", 5, str_of(NULL));
    say_auth(peer_new(d->rig, TRANSPORT_TCP), "cat", str_of(NULL));
    settle(d->rig);
    check_says(d, "metrics", "\n chat_opened_total 3\n");
    check_says(d, "metrics", "\n chat_sessions_udp 1\n");
    check_says(d, "metrics", "\n chat_cert_expires 0\n");
    check_says(d, "--json metrics", ",\"opened\":3,");
    check_code(d, 0);
}

static void test_control_reloads_and_says_what_came_of_it(void **state)
{
    struct desk *d = *state;
    char path[] = "/tmp/test-control-XXXXXX", option[] = "-c";
    char *argv[] = { d->program, option, path, NULL };
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    assert_non_null(file);
    fputs("late = 7100\nlisten-tcp = off\n", file);
    fflush(file);
    d->service.argc = 3;
    d->service.argv = argv;
    check_says(d, "check",
               " config.change key=\"late\" from=\"7500\" "
               "to=\"7100\" taken=\"now\"\n");
    check_says(d, "check", " config.good changed=1\n=0\n");
    assert_int_equal(limit(&d->rig->w->env, LIMIT_LATE), 7500);
    check_says(d, "reload", " config.reload changed=1\n=0\n");
    assert_int_equal(limit(&d->rig->w->env, LIMIT_LATE), 7100);
    assert_true(logged(d, "config.reload changed=1"));
    assert_null(d->rig->w->env.log.copy);
    fputs("late = soon\n", file);
    fclose(file);
    check_says(d, "--json reload", "\"event\":\"config.refused\",\"why\":");
    check_code(d, EX_CONFIG);
    check_says(d, "check", "!check: a reload would be refused");
    check_code(d, EX_CONFIG);
    assert_int_equal(limit(&d->rig->w->env, LIMIT_LATE), 7100);
    unlink(path);
}

static void test_control_changes_what_the_log_tells(void **state)
{
    struct desk *d = *state;

    check_says(d, "log-level", " level  info\n=0\n");
    check_says(d, "log-level warning", " level  warning\n=0\n");
    assert_true(logged(d, "log.level from=\"info\" to=\"warning\" uid="));
    check_says(d, "--json log-level", "{\"level\":\"warning\"}\n=0\n");
    check_says(d, "rooms", "=0\n");
    assert_false(logged(d, "command=\"rooms\""));
    check_says(d, "log-level loud", "!log-level: loud: neither debug, info, ");
    check_code(d, EX_USAGE);
    check_says(d, "log-level info", " level  info\n=0\n");
    assert_true(logged(d, "log.level from=\"warning\" to=\"info\" uid="));
    check_says(d, "rooms", "=0\n");
    assert_true(logged(d, "control.run command=\"rooms\""));
}

/* ---- what is stored ---- */

static void test_control_makes_a_backup(void **state)
{
    struct desk *d = *state;
    char dir[] = "/tmp/test-control-XXXXXX", line[80], path[64], part[64];
    struct control *c;
    size_t len;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/copy", dir);
    snprintf(part, sizeof part, "%s/copy.part", dir);
    snprintf(line, sizeof line, "backup %s\n", path);
    enter(d->rig, "ana");
    check_says(d, "backup copy", "!backup: copy: the path must begin with /");
    check_code(d, EX_USAGE);
    check_says(d, "backup /nowhere/copy", "!backup: /nowhere/copy: No such");
    check_code(d, EX_CANTCREAT);

    c = control_new(&d->service, &d->asker, str_of(line));
    free(control_part(c, d->rig->now, &len));
    assert_int_equal(access(part, F_OK), 0);
    assert_true(control_wake(c) > d->rig->now.mono_us);
    check_says(d, "backup /tmp/another-copy", "copied or checked already");
    check_code(d, EX_UNAVAILABLE);
    assert_int_equal(access("/tmp/another-copy.part", F_OK), -1);
    control_free(c); /* chatctl is gone: it is called off */
    assert_int_equal(access(part, F_OK), -1);

    line[strlen(line) - 1] = '\0';
    check_says(d, line, " copied  of\n ");
    check_code(d, 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(access(part, F_OK), -1);
    check_says(d, line, "File exists");
    check_code(d, EX_CANTCREAT);
    unlink(path);
    rmdir(dir);
}

static void say_order(struct peer *p, struct msg msg)
{
    forget(p);
    say(p, &msg);
    settle(p->rig);
    must(p, KIND_SEND_ACK);
}

/* Whether what a member reads of a room, from its first event on, has it. */
static bool reads(struct peer *p, uint64_t room, const char *what)
{
    struct msg msg = { .kind = KIND_HIST };
    bool found = false;
    size_t n = 0;

    forget(p);
    msg.hist.room = room;
    msg.hist.mode = hist_AFTER;
    msg.hist.limit = 100;
    say(p, &msg);
    settle(p->rig);
    for (; take(p, KIND_EVENT, &msg); n++) {
        char line[512];

        snprintf(line, sizeof line, "%.*s|%.*s|%.*s", STR_ARG(msg.event.nick),
                 STR_ARG(msg.event.text), STR_ARG(msg.event.by));
        found = found || strstr(line, what);
    }
    assert_true(n > 0);
    return found;
}

/* Names stand in what others have done, too, and in what they were done by. */
static void test_control_erases_names_everywhere(void **state)
{
    struct desk *d = *state;
    struct peer *own = enter_as(d->rig, TRANSPORT_TCP, "own", 1, S(""));
    struct peer *ana = enter_as(d->rig, TRANSPORT_TCP, "ana", 2, S(""));
    uint64_t room = join(own, "#a"), seq;
    struct msg msg = { .kind = KIND_ROLE };

    join(ana, "#a");
    say_text(own, room, "taken back");
    settle(d->rig);
    seq = world_room(d->rig->w, room)->head;
    msg.role = (struct msg_role){ room, ++own->cseq, S("ana"), role_MODERATOR };
    say_order(own, msg);
    msg = (struct msg){ .kind = KIND_REDACT };
    msg.redact.room = room;
    msg.redact.cseq = ++ana->cseq;
    msg.redact.ref = seq;
    say_order(ana, msg);
    ask(d, "ban ana #a 600 that will do");
    settle(d->rig);
    assert_true(reads(own, room, "operator|ana 600 that will do|"));
    assert_true(reads(own, room, "|ana moderator|"));
    assert_true(reads(own, room, "own||ana"));

    assert_non_null(strstr(ask(d, "erase ana"), " erased  "));
    for (int again = 0; again < 2; again++) {
        assert_false(reads(own, room, "ana"));
        assert_true(reads(own, room, "operator|erased 600 that will do|"));
        assert_true(reads(own, room, "own|erased moderator|"));
        assert_true(reads(own, room, "own||erased"));
        assert_null(strstr(ask(d, "bans"), "ana"));
        settle(d->rig);
        desk_restart(d);
        own = enter_as(d->rig, TRANSPORT_TCP, "", 1,
                       str_bytes(own->token, TOKEN_LEN));
    }
}

static void test_control_exports_and_erases_a_person(void **state)
{
    struct desk *d = *state;
    struct peer *ana = enter(d->rig, "ana"), *bob = enter(d->rig, "bob");
    uint64_t room = join(ana, "#a");
    struct msg msg;

    join(bob, "#a");
    say_text(ana, room, "a \"secret\"\n");
    say_text(bob, room, "bob's own");
    pass(d->rig, 100);
    assert_non_null(strstr(ask(d, "export ana"),
                           " {\"account\":1,\"nick\":\"ana\",\"devices\":1,"));
    assert_non_null(strstr(d->answer, ",\"rank\":\"guest\",\"password\":false,"
                                      "\"keys\":[]}\n"));
    assert_non_null(strstr(d->answer,
                           "\"room\":\"#a\",\"room_id\":1,\"seq\":3,"
                           "\"kind\":\"MESSAGE\",\"nick\":\"ana\","
                           "\"text\":\"a \\\"secret\\\"\\u000a\"}\n"));
    assert_null(strstr(d->answer, "bob"));
    check_code(d, 0);
    forget(bob);
    assert_non_null(strstr(ask(d, "erase @ana"), " erased  "));
    check_code(d, 0);
    do /* the others are told */
        msg = must(bob, KIND_EVENT);
    while (msg.event.kind != event_REDACT);
    assert_int_equal(msg.event.ref, 3);
    assert_null(world_account_named(d->rig->w, S("ana")));
    assert_non_null(strstr(ask(d, "export 1"), "\"nick\":\"erased\""));
    assert_null(strstr(d->answer, "secret"));
    assert_null(strstr(d->answer, "ana"));
    assert_non_null(strstr(ask(d, "erase 1"), " erased  0\n"));
    assert_non_null(strstr(ask(d, "export 99"), "nobody has that"));
    check_code(d, EX_NOUSER);
    assert_non_null(strstr(ask(d, "export bob"), "bob's own"));
}

static void test_control_exports_the_keys_of_a_person(void **state)
{
    struct desk *d = *state;
    struct peer *ana = enter(d->rig, "ana");

    give_key(d, ana, "her \"laptop\"");
    ask(d, "rank ana admin");
    check_says(d, "export ana",
               ",\"rank\":\"admin\",\"password\":false,\"keys\":[{\"key\":"
               "\"SHA256:CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
               "\"label\":\"her \\\"laptop\\\"\","
               "\"added\":\"2023-11-14T22:13:20.");
    assert_non_null(strstr(d->answer, "Z\",\"revoked\":false}]}\n"));
}

static void test_control_checks_the_store(void **state)
{
    struct desk *d = *state;

    check_says(d, "check store", " store  took\n good ");
    check_code(d, 0);
    check_says(d, "--json check store", " {\"store\":\"good\",\"took_ms\":");
    check_says(d, "check shop", "!check: shop: ");
    check_code(d, EX_USAGE);
}

/* ---- people ---- */

static struct msg must_bye(struct peer *p)
{
    struct msg msg = must(p, KIND_BYE);

    assert_int_equal(msg.bye.code, ERROR_KICKED);
    return msg;
}

static void test_control_kicks_a_session(void **state)
{
    struct desk *d = *state;
    struct peer *ana = enter(d->rig, "ana"), *bob = enter(d->rig, "bob");
    struct msg bye;

    check_says(d, "--json kick 1 go \"away\\nnow\"", " {\"sessions\":1}\n=0\n");
    settle(d->rig);
    bye = must_bye(ana);
    assert_true(str_is(bye.bye.text, "go away now"));
    assert_int_equal(ana->s->state, SESSION_CLOSING);
    must_not(bob, KIND_BYE);
    assert_true(logged(d, "session.kick session=1 uid=7"));
    check_says(d, "kick 1", "!kick: 1: is not connected");
    check_code(d, EX_UNAVAILABLE);
    check_says(d, "kick 99", "!kick: 99: nobody");
    check_code(d, EX_NOUSER);
    check_says(d, "kick 99999999999999999999", "nobody");
    check_says(d, "kick carl", "nobody");
    check_says(d, "kick", "usage: kick SESSION|NICK [REASON]");
}

static void test_control_kicks_all_sessions_of_a_nick(void **state)
{
    struct desk *d = *state;
    struct peer *li = enter(d->rig, "李伟");
    struct peer *again = enter_as(d->rig, TRANSPORT_UDP, "", 77,
                                  str_bytes(li->token, TOKEN_LEN));
    struct peer *digits = enter(d->rig, "2");
    struct msg bye;

    check_says(d, "--json kick 李伟", "\"sessions\":2");
    settle(d->rig);
    bye = must_bye(li);
    assert_true(str_is(bye.bye.text, err_text(ERROR_KICKED)));
    must_bye(again);
    must_not(digits, KIND_BYE);
    check_says(d, "--json kick @2", "\"sessions\":1");
    settle(d->rig);
    must_bye(digits);
}

static void test_control_kicks_who_says_nothing(void **state)
{
    struct desk *d = *state;
    struct peer *silent = peer_new(d->rig, TRANSPORT_TCP);

    check_says(d, "--json kick 1", "\"sessions\":1");
    settle(d->rig);
    must_bye(silent);
}

static void test_control_announces_to_who_is_in(void **state)
{
    struct desk *d = *state;
    struct peer *ana = enter(d->rig, "ana");
    struct peer *bob = enter_as(d->rig, TRANSPORT_UDP, "bob", 5, str_of(NULL));
    struct peer *stranger = peer_new(d->rig, TRANSPORT_TCP);
    struct peer *peers[] = { ana, bob };
    char line[1100];

    check_says(d, "--json announce tea  \"is\\nready\"", "\"sessions\":2");
    settle(d->rig);
    for (size_t i = 0; i < 2; i++) {
        struct msg msg = must(peers[i], KIND_ANNOUNCE);

        assert_true(str_is(msg.announce.text, "tea is\nready"));
        assert_int_equal(msg.announce.down_s, 0);
        assert_int_equal(msg.announce.ts, d->rig->now.wall_ms);
    }
    must_not(stranger, KIND_ANNOUNCE);
    check_says(d, "announce \"\"", "!announce: what?");
    check_code(d, EX_USAGE);
    snprintf(line, sizeof line, "announce %01025d", 0);
    check_says(d, line, "!announce: longer");
    check_code(d, EX_USAGE);
    settle(d->rig);
    must_not(ana, KIND_ANNOUNCE);
}

static void test_control_invites_only_who_may_register(void **state)
{
    struct desk *d = *state;

    check_says(d, "invite -1", "!invite: -1: USES is a number from 1 to 10000");
    check_code(d, EX_USAGE);
    check_says(d, "invite 0", "!invite: 0: USES is a number");
    check_says(d, "invite 10001", "!invite: 10001: USES is a number");
    check_says(d, "invite 1 3651", "!invite: 3651: DAYS is a number from 1 to");
    check_says(d, "--json invite", ",\"uses\":1,\"until\":\"2023-11-21T22:");
    d->rig->w->policy.registration = REGISTRATION_INVITE;
    check_says(d, "--json invite 10000 3650", ",\"uses\":10000,");
    d->rig->w->policy.registration = REGISTRATION_CLOSED;
    check_says(d, "invite", "!invite: registration is closed");
    check_code(d, EX_UNAVAILABLE);
}

static void test_control_ends_the_server_when_told(void **state)
{
    struct desk *d = *state;
    struct peer *ana = enter(d->rig, "ana");
    struct msg msg;

    check_says(d, "shutdown soon", "!shutdown: soon: ");
    check_code(d, EX_USAGE);
    check_says(d, "shutdown 99999999999999999999", "neither a number");
    check_says(d, "shutdown -5",
               "!shutdown: -5: neither a number of seconds from 0 to 604800");
    assert_true(d->service.stop_us == NEVER);
    check_says(d, "--json shutdown 30", " {\"sessions\":1}\n=0\n");
    settle(d->rig);
    msg = must(ana, KIND_ANNOUNCE);
    assert_int_equal(msg.announce.down_s, 30);
    assert_int_equal(msg.announce.text.len, 0);
    assert_int_equal(d->service.stop_us, d->rig->now.mono_us + 30000000);
    check_says(d, "--json status", "\"down_in_s\":30,");
    assert_string_equal(ask(d, "shutdown off"), "=0\n");
    assert_true(d->service.stop_us == NEVER);
    assert_string_equal(ask(d, "shutdown"), "=0\n");
    assert_int_equal(d->service.stop_us, d->rig->now.mono_us);
}

/* ---- the course of a connection ---- */

static struct inquiry *begin(struct desk *d, uint32_t uid)
{
    struct asker asker = { .uid = uid, .own = 7 };

    return inquiry_new(INQUIRY_CONTROL, &d->service, &asker, d->rig->now);
}

static bool output_is(const struct inquiry *inquiry, const char *text)
{
    return str_is(inquiry_output(inquiry), text);
}

static void test_inquiry_waits_for_the_line(void **state)
{
    struct desk *d = *state;
    struct inquiry *q = begin(d, 7);

    inquiry_feed(q, S("shut"), d->rig->now);
    assert_int_equal(inquiry_output(q).len, 0);
    inquiry_feed(q, S("down off\nstatus\n"), d->rig->now);
    assert_true(output_is(q, "=0\n"));
    inquiry_feed(q, S("status\n"), d->rig->now); /* one is enough */
    inquiry_sent(q, 1, d->rig->now);
    assert_true(output_is(q, "0\n"));
    assert_false(inquiry_is_said(q));
    inquiry_sent(q, 2, d->rig->now);
    assert_true(inquiry_is_said(q) && !inquiry_is_over(q));
    inquiry_eof(q);
    assert_true(inquiry_is_over(q));
    inquiry_free(q);
}

static void test_inquiry_answers_who_has_closed_half(void **state)
{
    struct desk *d = *state;
    struct inquiry *q = begin(d, 7);

    inquiry_feed(q, S("shutdown 5\n"), d->rig->now);
    inquiry_eof(q);
    assert_false(inquiry_is_over(q));
    inquiry_sent(q, inquiry_output(q).len, d->rig->now);
    assert_true(inquiry_is_over(q));
    inquiry_free(q);
    q = begin(d, 7);
    inquiry_feed(q, S("shutdown 5"), d->rig->now);
    inquiry_eof(q);
    assert_true(inquiry_is_over(q));
    inquiry_free(q);
}

static void test_inquiry_refuses_before_it_is_asked(void **state)
{
    struct desk *d = *state;
    struct inquiry *q = begin(d, 8);

    assert_int_equal(inquiry_output(q).ptr[0], '!');
    inquiry_feed(q, S("shutdown\n"), d->rig->now);
    assert_true(d->service.stop_us == NEVER);
    inquiry_free(q);
}

static void test_inquiry_has_a_longest_line(void **state)
{
    struct desk *d = *state;
    char *line = calloc(1, CONTROL_LINE_MAX + 1);
    struct inquiry *q = begin(d, 7);
    struct str word = S("shutdown");

    assert_non_null(line);
    memset(line, ' ', CONTROL_LINE_MAX);
    memcpy(line, word.ptr, word.len);
    inquiry_feed(q, str_bytes(line, CONTROL_LINE_MAX - 1), d->rig->now);
    assert_int_equal(inquiry_output(q).len, 0);
    inquiry_feed(q, S("xx"), d->rig->now);
    assert_non_null(strstr(inquiry_output(q).ptr, "longer"));
    inquiry_free(q);

    line[CONTROL_LINE_MAX - 1] = '\n';
    q = begin(d, 7);
    inquiry_feed(q, str_bytes(line, CONTROL_LINE_MAX), d->rig->now);
    assert_true(output_is(q, "=0\n"));
    inquiry_free(q);
    free(line);
}

static void test_inquiry_does_not_wait_for_ever(void **state)
{
    struct desk *d = *state;
    struct inquiry *q = begin(d, 7);
    uint64_t asked = inquiry_wake(q), answered;

    assert_int_equal(asked, d->rig->now.mono_us + 10000000);
    pass(d->rig, 9000);
    inquiry_feed(q, S("sta"), d->rig->now);
    assert_int_equal(inquiry_wake(q), asked); /* slowly is too slow */
    inquiry_feed(q, S("tus\n"), d->rig->now);
    answered = inquiry_wake(q);
    assert_int_equal(answered, d->rig->now.mono_us + 30000000);
    pass(d->rig, 1000);
    inquiry_sent(q, 1, d->rig->now);
    assert_int_equal(inquiry_wake(q), answered + 1000000);
    inquiry_sent(q, inquiry_output(q).len, d->rig->now);
    assert_int_equal(inquiry_wake(q), d->rig->now.mono_us + 1000000);
    inquiry_free(q);
}

/* A long answer comes in parts, one a turn, while people come and go. */
static void test_inquiry_makes_an_answer_in_parts(void **state)
{
    struct desk *d = *state;
    struct inquiry *q = begin(d, 7);
    struct peer *peers[200];
    unsigned parts = 0, lines = 0;
    char nick[16];

    for (int i = 0; i < 200; i++) {
        snprintf(nick, sizeof nick, "p%d", i);
        peers[i] = enter(d->rig, nick);
    }
    inquiry_feed(q, S("sessions\n"), d->rig->now);
    for (; !inquiry_is_said(q); parts++) {
        struct str out = inquiry_output(q);

        for (size_t i = 0; i < out.len; i++)
            lines += out.ptr[i] == '\n';
        if (parts == 0) {
            cut(peers[150]);
            enter(d->rig, "late");
        }
        inquiry_sent(q, out.len, d->rig->now);
        assert_int_equal(inquiry_output(q).len, 0);
        if (inquiry_is_said(q))
            break;
        assert_int_equal(inquiry_wake(q), 0);
        inquiry_turn(q, d->rig->now);
    }
    assert_int_equal(parts, 3);
    assert_int_equal(lines, 1 + 199 + 1); /* headings, sessions, end */
    inquiry_free(q);
}

static void test_inquiry_ends_a_reader_that_has_stopped(void **state)
{
    struct desk *d = *state;
    struct inquiry *q = begin(d, 7);

    inquiry_feed(q, S("status\n"), d->rig->now);
    pass(d->rig, 29999);
    inquiry_turn(q, d->rig->now);
    assert_false(inquiry_is_over(q));
    pass(d->rig, 1);
    assert_true(inquiry_wake(q) <= d->rig->now.mono_us);
    inquiry_turn(q, d->rig->now);
    assert_true(inquiry_is_over(q));
    inquiry_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_between_blanks_or_in_quotes),
        cmocka_unit_test(test_words_that_are_none_are_refused),
        cmocka_unit_test(test_words_come_back_from_quotes),
        cmocka_unit_test(test_sheet_is_aligned_by_cells),
        cmocka_unit_test(test_sheet_is_an_object_a_row),
        cmocka_unit_test(test_sheet_spells_numbers),
        DESK_TEST(test_control_admits_its_own_user_and_root),
        DESK_TEST(test_control_refuses_what_it_does_not_know),
        DESK_TEST(test_control_has_a_name_once),
        DESK_TEST(test_control_says_how_the_server_is),
        DESK_TEST(test_control_lists_sessions_in_their_order),
        DESK_TEST(test_control_lists_rooms_and_accounts),
        DESK_TEST(test_control_shows_the_key),
        DESK_TEST(test_control_shows_the_counters),
        DESK_TEST(test_control_reloads_and_says_what_came_of_it),
        DESK_TEST(test_control_changes_what_the_log_tells),
        DESK_TEST(test_control_makes_a_backup),
        DESK_TEST(test_control_checks_the_store),
        DESK_TEST(test_control_exports_and_erases_a_person),
        DESK_TEST(test_control_exports_the_keys_of_a_person),
        DESK_TEST(test_control_shows_what_is_wrong_with_the_store),
        DESK_TEST(test_control_invites_only_who_may_register),
        cmocka_unit_test_setup_teardown(test_control_erases_names_everywhere,
                                        desk_new_durable, desk_free),
        DESK_TEST(test_control_kicks_a_session),
        DESK_TEST(test_control_kicks_all_sessions_of_a_nick),
        DESK_TEST(test_control_kicks_who_says_nothing),
        DESK_TEST(test_control_announces_to_who_is_in),
        DESK_TEST(test_control_ends_the_server_when_told),
        DESK_TEST(test_inquiry_waits_for_the_line),
        DESK_TEST(test_inquiry_answers_who_has_closed_half),
        DESK_TEST(test_inquiry_refuses_before_it_is_asked),
        DESK_TEST(test_inquiry_has_a_longest_line),
        DESK_TEST(test_inquiry_does_not_wait_for_ever),
        DESK_TEST(test_inquiry_makes_an_answer_in_parts),
        DESK_TEST(test_inquiry_ends_a_reader_that_has_stopped),
    };

    return RUN(tests);
}

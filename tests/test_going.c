/* SPDX-License-Identifier: MIT
 *
 * Going to lines that are not held: a person at a client, and a room of many
 * lines at the other end.
 */
#include "tests/stage.h"

#include <time.h>

#include "tui/chat.h"
#include "tui/command.h"
#include "tui/edit.h"
#include "tui/find.h"
#include "tui/ui.h"

enum { LINES = 20000, MINUTE_MS = 60000 };

/* 2026-01-01 00:00 UTC; a line a minute from then on. */
static const uint64_t BEGINNING = 1767225600000;

struct reader {
    struct stage *s;
    struct chat chat;
    struct ui ui;
    struct edit edit;
    unsigned asked;  /* pages */
    unsigned widest; /* the longest page wanted */
    uint64_t fits;   /* lines that a page holds at most */
    bool deaf;       /* the server does not answer */
};

static uint64_t time_of(uint64_t seq)
{
    return BEGINNING + seq * MINUTE_MS;
}

/* Line 1000 k + 1 answers the first one. */
static void say_line(struct stage *s, uint64_t seq)
{
    struct msg msg = { .kind = KIND_EVENT };
    char text[64];

    snprintf(text, sizeof text, "line %ju.", (uintmax_t)seq);
    msg.event = (struct msg_event){ .room = ROOM,
                                    .seq = seq,
                                    .ts = time_of(seq),
                                    .kind = event_MESSAGE,
                                    .account = 7,
                                    .nick = S("ana"),
                                    .text = str_of(text),
                                    .ref = seq % 1000 == 1 && seq > 1 };
    say(s, &msg);
}

static void answer(struct reader *r, const struct msg *ask)
{
    const struct msg_hist *hist = &ask->hist;
    uint64_t n = hist->limit ? hist->limit : 50, lo = 1, hi;
    struct msg msg = { .kind = KIND_HIST_PAGE, .request = ask->request };

    switch (hist->mode) {
    case hist_LATEST: lo = LINES - n + 1; break;
    case hist_AFTER: lo = hist->seq + 1; break;
    case hist_BEFORE: lo = hist->seq > n ? hist->seq - n : 1; break;
    case hist_AROUND: lo = hist->seq > n / 2 ? hist->seq - n / 2 : 1; break;
    case hist_SINCE:
        while (lo <= LINES && time_of(lo) < hist->ts)
            lo++;
        lo = lo > n / 2 ? lo - n / 2 : 1;
        break;
    default: fail();
    }
    hi = hist->mode == hist_BEFORE ? hist->seq - 1 : lo + n - 1;
    hi = time_min(hi, LINES);
    if (hist->mode != hist_BEFORE && hi - lo >= r->fits)
        hi = lo + r->fits - 1;
    r->asked++;
    r->widest = n > r->widest ? (unsigned)n : r->widest;
    for (uint64_t seq = lo; seq <= hi; seq++) {
        say_line(r->s, seq);
        if (seq % 100 == 0)
            settle(r->s);
    }
    msg.hist_page.room = ROOM;
    msg.hist_page.first = lo <= hi ? lo : 0;
    msg.hist_page.last = lo <= hi ? hi : 0;
    msg.hist_page.before = lo > 1;
    msg.hist_page.after = hi < LINES;
    say(r->s, &msg);
    settle(r->s);
}

/* Turns of the client and of the server, until nobody wants anything. */
static void live(struct reader *r)
{
    struct msg msg;
    bool busy = true;

    for (unsigned i = 0; busy; i++) {
        assert_in_range(i, 0, 500);
        busy = false;
        chat_turn(&r->chat, r->s->now);
        settle(r->s);
        while ((msg = next(r->s)).kind) {
            if (msg.kind != KIND_HIST || r->deaf)
                continue;
            answer(r, &msg);
            busy = true;
        }
        busy |= chat_deadline(&r->chat) < r->s->now.mono_us + 1000000;
        pass(r->s, 300);
    }
}

static int open_reader(void **state)
{
    struct reader *r = calloc(1, sizeof *r);

    r->s = raise();
    r->s->config.tail = 0;
    start(r->s);
    greet(r->s, EPOCH, false);
    r->fits = UINT64_MAX;
    ui_init(&r->ui);
    edit_init(&r->edit);
    r->ui.full = true;
    r->ui.cols = 80;
    r->ui.rows = 24;
    r->chat = (struct chat){ .client = r->s->client,
                             .model = r->s->model,
                             .ui = &r->ui,
                             .edit = &r->edit };
    sync_room(r->s, ROOM, "#room", LINES);
    settle(r->s);
    live(r);
    assert_int_equal(r->s->model->rooms[0]->history.last, LINES);
    *state = r;
    return 0;
}

static int close_reader(void **state)
{
    struct reader *r = *state;

    edit_fini(&r->edit);
    ui_fini(&r->ui);
    strike(r->s);
    free(r);
    return 0;
}

static struct history *history(struct reader *r)
{
    return &r->s->model->rooms[0]->history;
}

static void type(struct reader *r, const char *line)
{
    ui_enter(&r->ui, UI_CHAT);
    command_run(&r->chat, str_of(line), r->s->now);
    live(r);
}

/* The seq of the line that is marked; 0: none. */
static uint64_t at(struct reader *r)
{
    size_t i = history_index(history(r), r->ui.query.hit);

    return r->ui.mode == UI_FIND && i != SIZE_MAX ? history(r)->lines[i].seq
                                                  : 0;
}

static void found(struct reader *r, uint64_t seq)
{
    struct hits *hits = &r->s->model->hits;

    if (hits->n) {
        free(hits->all[0].nick);
        free(hits->all[0].text);
    }
    hits->all[0] = (struct hit){
        .room = ROOM, .seq = seq, .nick = strdup("ana"), .text = strdup("x")
    };
    hits->n = 1;
}

static const char *last_notice(struct reader *r)
{
    const struct history *h = history(r);

    for (size_t i = h->n; i > 0; i--)
        if (h->lines[i - 1].kind == LINE_NOTICE)
            return h->lines[i - 1].text;
    return "";
}

/* ---- */

static void test_going_fetches_a_line_far_back(void **state)
{
    struct reader *r = *state;
    found(r, 5000);
    r->asked = 0;

    type(r, "/goto 1");

    struct history *h = history(r);
    assert_int_equal(at(r), 5000);
    assert_int_equal(r->asked, 2); /* what comes next, but not all the gap */
    assert_int_equal(h->far_first, 4975);
    assert_int_equal(h->far_last, 5524);
    assert_int_equal(h->last, LINES);
    assert_int_equal(history_missing(h, history_find(h, h->first)),
                     h->first - 5525);
}

static void test_going_back_to_the_newest_drops_what_is_far(void **state)
{
    struct reader *r = *state;
    uint64_t first = history(r)->first;
    found(r, 5000);
    type(r, "/goto 1");

    ui_enter(&r->ui, UI_CHAT);
    ui_follow(&r->ui);
    live(r);

    assert_false(history(r)->leapt);
    assert_int_equal(history(r)->first, first);
    assert_true(history_find(history(r), 5000) == SIZE_MAX);
    assert_int_equal(history(r)->last, LINES);
    chat_older(&r->chat, r->s->model->rooms[0], 0, r->s->now);
    live(r);
    assert_int_equal(history(r)->first, first - 50);
}

/* Down from there page by page, through the gap that fills before the reader,
 * to the newest line, each line once. */
static void test_going_on_reading_fills_the_gap(void **state)
{
    struct reader *r = *state;
    found(r, 12000);
    type(r, "/goto 1");
    ui_enter(&r->ui, UI_CHAT);
    uint64_t seen = 12000;

    for (unsigned i = 0; r->ui.anchor.line; i++) {
        assert_in_range(i, 0, 2000);
        size_t line = history_index(history(r), r->ui.anchor.line);
        uint64_t seq = history(r)->lines[line].seq;
        assert_true(seq <= seen + 40); /* nothing was jumped over */
        seen = seq > seen ? seq : seen;
        find_scroll(&r->chat, 20);
        live(r);
    }
    assert_true(seen > LINES - 60);
    assert_false(history(r)->leapt);
    assert_true(history(r)->n <= LINES_MAX);
    assert_int_equal(history(r)->last, LINES);
    assert_in_range(r->widest, 50, 500);
}

static void test_going_reads_back_from_there(void **state)
{
    struct reader *r = *state;
    found(r, 60);
    type(r, "/goto 1");
    assert_int_equal(at(r), 60);
    assert_int_equal(history_oldest(history(r)), 35);
    assert_false(history(r)->start);

    chat_older(&r->chat, r->s->model->rooms[0], 0, r->s->now);
    live(r);
    assert_int_equal(history_oldest(history(r)), 1);
    assert_true(history(r)->start);
    assert_int_equal(at(r), 60);
}

/* A gap that a page fills is not left to be seen. */
static void test_going_near_joins_at_once(void **state)
{
    struct reader *r = *state;
    found(r, LINES - 300);

    type(r, "/goto 1");

    assert_int_equal(at(r), LINES - 300);
    assert_false(history(r)->leapt);
    assert_int_equal(history(r)->first, LINES - 325);
}

static void test_going_to_a_day(void **state)
{
    struct reader *r = *state;

    type(r, "/goto 2026-01-03 12:30");
    assert_int_equal(at(r), 2 * 1440 + 12 * 60 + 30);
    type(r, "/goto 2026-01-02");
    assert_int_equal(at(r), 1440);
    r->asked = 0;
    type(r, "/goto 2026-01-02 00:10"); /* that is here now */
    assert_int_equal(at(r), 1450);
    assert_int_equal(r->asked, 0);
    type(r, "/goto 1999-01-01");
    assert_int_equal(at(r), 1);
    type(r, "/goto 2030-01-01");
    assert_int_equal(at(r), LINES);
    type(r, "/goto tomorrow");
    assert_string_equal(last_notice(r), "not understood: tomorrow");
    type(r, "/goto 17");
    assert_string_equal(last_notice(r), "there is no such line in the list");
}

static void test_going_to_what_a_line_answers(void **state)
{
    struct reader *r = *state;

    type(r, "/origin");
    assert_string_equal(last_notice(r), "it answers no other line");
    found(r, 7001);
    type(r, "/goto 1");
    r->ui.pick = r->ui.query.hit;
    type(r, "/origin");
    assert_int_equal(at(r), 1);
    assert_true(history(r)->start);
    assert_true(history_find(history(r), 7001) == SIZE_MAX);
}

/* Where lines are long, a page may end before the one that is meant. */
static void test_going_asks_again_when_a_page_ends_early(void **state)
{
    struct reader *r = *state;
    found(r, 5000);
    r->fits = 10;

    type(r, "/goto 1");

    assert_int_equal(at(r), 5000);
    assert_int_equal(history(r)->far_first, 5000);
}

static void test_going_keeps_up_with_what_is_new(void **state)
{
    struct reader *r = *state;
    struct history *h = history(r);
    found(r, 5000);
    type(r, "/goto 1");

    for (uint64_t seq = LINES + 1; seq <= LINES + 5200; seq++) {
        say_line(r->s, seq);
        if (seq % 100 == 0)
            settle(r->s);
    }
    live(r);
    assert_int_equal(h->last, LINES + 5200);
    assert_true(h->n <= LINES_MAX);
    assert_int_equal(at(r), 5000); /* the reader is left in peace */
    assert_int_equal(h->far_first, 4975);
}

static void test_going_gives_up_in_the_end(void **state)
{
    struct reader *r = *state;
    uint64_t first = history(r)->first;
    found(r, 5000);
    r->deaf = true;

    type(r, "/goto 1");
    assert_int_equal(at(r), 0);
    pass(r->s, 16000);
    live(r);
    pass(r->s, 16000); /* it was asked once more */
    live(r);
    assert_string_equal(last_notice(r), "that line could not be fetched");
    assert_int_equal(r->s->model->goal.room, 0);
    assert_false(history(r)->leapt);
    assert_int_equal(history(r)->first, first);
    r->s->model->link = LINK_OFFLINE;
    command_run(&r->chat, S("/goto 1"), r->s->now);
    assert_non_null(strstr(last_notice(r), "no connection"));
}

static void test_going_prints_line_by_line(void **state)
{
    struct reader *r = *state;
    r->ui.full = false;
    found(r, 5000);

    type(r, "/goto 1");

    struct history *h = history(r);
    size_t i = h->n - 1;
    assert_string_equal(h->lines[i].text, "  2026-01-04 11:25 ana: line 5005.");
    assert_string_equal(h->lines[i - 5].text,
                        "> 2026-01-04 11:20 ana: line 5000.");
    assert_string_equal(h->lines[i - 10].text,
                        "  2026-01-04 11:15 ana: line 4995.");
    assert_false(h->leapt);
}

/* ---- what comes when the view is another one ---- */

/* The page asked for last, unanswered. */
static struct msg asked(struct reader *r)
{
    struct msg msg, got = { 0 };

    settle(r->s);
    while ((msg = next(r->s)).kind)
        if (msg.kind == KIND_HIST)
            got = msg;
    assert_int_equal(got.kind, KIND_HIST);
    return got;
}

/* The late page changes nothing, and reading back goes on as ever. */
static void late(struct reader *r, const struct msg *ask, uint64_t first)
{
    struct history *h = history(r);

    assert_false(h->leapt);
    assert_int_equal(h->first, first);
    r->asked = 0;
    answer(r, ask);
    live(r);
    assert_int_equal(r->asked, 1); /* that page */
    assert_int_equal(h->last, LINES);
    assert_int_equal(h->first, first);
    assert_false(h->start);

    assert_null(chat_older(&r->chat, r->s->model->rooms[0], 0, r->s->now));
    live(r);
    assert_int_equal(r->asked, 2);
    assert_int_equal(h->first, first - 50);
    assert_int_equal(h->last, LINES);
}

static struct msg read_back(struct reader *r)
{
    assert_null(chat_older(&r->chat, r->s->model->rooms[0], 0, r->s->now));
    return asked(r);
}

/* The same, from the line that was found. */
static struct msg go_and_read_back(struct reader *r, uint64_t seq)
{
    found(r, seq);
    type(r, "/goto 1");
    pass(r->s, 20000);
    return read_back(r);
}

static void test_going_back_is_not_followed_by_an_older_page(void **state)
{
    struct reader *r = *state;
    uint64_t first = history(r)->first;
    struct msg ask = go_and_read_back(r, 40);

    assert_int_equal(ask.hist.seq, 15);

    ui_enter(&r->ui, UI_CHAT);
    ui_follow(&r->ui);
    chat_turn(&r->chat, r->s->now);
    late(r, &ask, first);
}

static void test_going_elsewhere_is_not_followed_by_the_page(void **state)
{
    struct reader *r = *state;
    uint64_t first = history(r)->first;
    struct msg ask;
    found(r, 5000);
    sync_room(r->s, ROOM + 1, "#b", 0);
    settle(r->s);
    live(r);

    command_run(&r->chat, S("/goto 1"), r->s->now);
    ask = asked(r);
    for (size_t i = 2; i-- > 0;) {
        chat_go(&r->chat, i);
        chat_turn(&r->chat, r->s->now);
    }
    late(r, &ask, first);
}

static void test_going_clear_is_not_followed_by_an_older_page(void **state)
{
    struct reader *r = *state;
    struct msg ask = read_back(r);

    command_run(&r->chat, S("/clear"), r->s->now);
    chat_turn(&r->chat, r->s->now);
    late(r, &ask, LINES);
}

static void test_going_clear_goes_nowhere(void **state)
{
    struct reader *r = *state;
    struct msg ask;

    command_run(&r->chat, S("/goto 2026-01-02"), r->s->now);
    ask = asked(r);
    command_run(&r->chat, S("/clear"), r->s->now);
    chat_turn(&r->chat, r->s->now);
    assert_int_equal(r->s->model->goal.room, 0);
    late(r, &ask, LINES);
    assert_int_equal(at(r), 0);
}

/* Two pages are on their way, and the second is the one that is wanted. */
static void test_going_on_from_one_goal_to_another(void **state)
{
    struct reader *r = *state;
    struct history *h = history(r);
    struct msg first, second;

    found(r, 5000);
    command_run(&r->chat, S("/goto 1"), r->s->now);
    first = asked(r);
    found(r, 9000);
    command_run(&r->chat, S("/goto 1"), r->s->now);
    second = asked(r);
    answer(r, &first);
    assert_int_equal(h->far_first, 0);
    answer(r, &second);
    live(r);
    assert_int_equal(at(r), 9000);
    assert_int_equal(h->far_first, 8975);
    assert_true(history_find(h, 5000) == SIZE_MAX);
    assert_int_equal(h->last, LINES);
}

/* What will not come is not waited for. */
static void test_going_takes_pages_after_a_refusal(void **state)
{
    struct reader *r = *state;
    uint64_t first = history(r)->first;
    struct msg ask = go_and_read_back(r, 5000);

    ui_enter(&r->ui, UI_CHAT);
    ui_follow(&r->ui);
    chat_turn(&r->chat, r->s->now);
    assert_int_equal(history(r)->floor, first);
    refuse(r->s, ask.request, 0, ERROR_BUSY);
    settle(r->s);
    assert_int_equal(history(r)->floor, 0);
    pass(r->s, 20000);
    ask = read_back(r);
    answer(r, &ask);
    assert_int_equal(history(r)->first, first - 50);
}

#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, open_reader, close_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_going_fetches_a_line_far_back),
        WITH(test_going_back_to_the_newest_drops_what_is_far),
        WITH(test_going_on_reading_fills_the_gap),
        WITH(test_going_reads_back_from_there),
        WITH(test_going_near_joins_at_once),
        WITH(test_going_to_a_day),
        WITH(test_going_to_what_a_line_answers),
        WITH(test_going_asks_again_when_a_page_ends_early),
        WITH(test_going_keeps_up_with_what_is_new),
        WITH(test_going_gives_up_in_the_end),
        WITH(test_going_prints_line_by_line),
        WITH(test_going_back_is_not_followed_by_an_older_page),
        WITH(test_going_elsewhere_is_not_followed_by_the_page),
        WITH(test_going_clear_is_not_followed_by_an_older_page),
        WITH(test_going_clear_goes_nowhere),
        WITH(test_going_on_from_one_goal_to_another),
        WITH(test_going_takes_pages_after_a_refusal),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return RUN(tests);
}

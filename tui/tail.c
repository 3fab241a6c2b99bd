/* SPDX-License-Identifier: MIT
 *
 * Following a room; see tail.h.  `pos` is the only state that matters: the last
 * event taken.  Whatever comes out of turn is dropped and asked for again.
 *
 * To find where the last N messages begin, among joins and the like, pages are
 * first counted backward, and nothing of them is kept but the numbers.
 */
#include "tui/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/plain.h"

enum {
    OUT_MAX = 1024 * 1024, /* bytes not taken yet: no more events */
    OUT_LOW = 256 * 1024,  /* below it more are asked for */
    PAGE = 500,            /* events in a page; the server may give less */
    AUTHORS = 1024,        /* devices remembered, a power of two */
};

/*
 * The last line of a device: in a new history it may be told again.  Anybody
 * may call a device theirs, and accounts are numbered anew: the nick says whose
 * line it was.
 */
struct author {
    uint64_t device, cseq;
    unsigned epoch; /* it was printed in */
    char *nick;     /* owned */
};

struct tail {
    char *name;
    bool json;
    uint64_t old; /* how many old ones come first */
    uint64_t room;
    uint64_t seek;       /* counting messages before this seq; 0: not */
    uint64_t counted;    /* that lie behind it */
    uint64_t page[PAGE]; /* seqs of the messages of this page */
    size_t n_page;
    bool placed;     /* pos means something */
    uint64_t pos;    /* last event taken */
    uint64_t head;   /* last event known to be there */
    uint64_t coming; /* events up to here are on their way by themselves */
    unsigned epoch;  /* how many histories there were before this one */
    struct author authors[AUTHORS]; /* by device; one drives out another */
    struct bytes out;
};

struct tail *tail_new(const char *room, bool json, uint64_t last)
{
    struct tail *t = mem_new(1, sizeof *t);

    t->name = mem_str(str_of(room));
    t->json = json;
    t->old = last;
    return t;
}

void tail_free(struct tail *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < AUTHORS; i++)
        free(t->authors[i].nick);
    bytes_fini(&t->out);
    free(t->name);
    free(t);
}

/* Whether the server speaks of our room, in whatever case. */
static bool is_ours(const struct tail *t, const struct msg_sync_room *sync)
{
    char name[2 * NAME_MAX_BYTES], a[2 * NAME_MAX_BYTES], b[2 * NAME_MAX_BYTES];
    bool at =
        sync->kind == room_DIRECT && sync->name.len && sync->name.ptr[0] != '@';
    struct str shown = text_cut(sync->name, NAME_MAX_BYTES);
    size_t len_a, len_b;

    snprintf(name, sizeof name, "%s%.*s", at ? "@" : "", STR_ARG(shown));
    len_a = text_fold(str_of(name), a, sizeof a);
    len_b = text_fold(str_of(t->name), b, sizeof b);
    return len_a && str_eq(str_bytes(a, len_a), str_bytes(b, len_b));
}

/* Where to begin, now that the room is known. */
static void place(struct tail *t, const struct msg_sync_room *sync)
{
    t->placed = true;
    t->seek = 0;
    if (t->old == 0)
        t->pos = sync->head;
    else if (t->old >= sync->head)
        t->pos = 0;
    else {
        t->placed = false;
        t->seek = sync->head + 1;
        t->counted = t->n_page = 0;
    }
}

static void on_sync_room(struct tail *t, const struct msg_sync_room *sync)
{
    uint64_t oldest = sync->first ? sync->first - 1 : sync->head;

    if (!is_ours(t, sync))
        return;
    if (t->room && t->room != sync->room)
        tail_epoch(t); /* the room was made anew: all of it is news */
    t->room = sync->room;
    t->head = sync->head;
    if (!t->placed)
        place(t, sync);
    if (t->placed && t->pos < oldest)
        t->pos = oldest; /* those before it are kept no longer */
    t->coming = 0;
    if (t->placed && sync->from && sync->from <= t->pos + 1)
        t->coming = sync->head;
}

static bool is_message(const struct msg_event *ev)
{
    return ev->kind == event_MESSAGE || ev->kind == event_ACTION ||
           ev->kind == event_NOTICE;
}

/*
 * A page that was asked for to count.  The newest events may come twice, and
 * out of turn: pushed on entering the room, and in the page.
 */
static void count(struct tail *t, const struct msg_event *ev)
{
    size_t i = t->n_page;

    if (!is_message(ev) || ev->seq >= t->seek || i == PAGE)
        return;
    while (i > 0 && t->page[i - 1] > ev->seq)
        i--;
    if (i > 0 && t->page[i - 1] == ev->seq)
        return;
    memmove(&t->page[i + 1], &t->page[i], (t->n_page - i) * sizeof *t->page);
    t->page[i] = ev->seq;
    t->n_page++;
}

/* The page is counted: it begins in it, or before it. */
static void counted(struct tail *t, const struct msg_hist_page *page)
{
    uint64_t wanted = t->old - t->counted;

    if (t->n_page >= wanted)
        t->pos = t->page[t->n_page - wanted] - 1;
    else if (!page->before || page->first == 0)
        t->pos = page->first ? page->first - 1 : t->seek - 1;
    else {
        t->counted += t->n_page;
        t->seek = page->first;
        t->n_page = 0;
        return;
    }
    t->seek = 0;
    t->placed = true;
}

/* Whether it was printed before, under an earlier epoch. */
static bool is_repeat(struct tail *t, const struct msg_event *ev)
{
    struct author *author = &t->authors[ev->device % AUTHORS];
    struct str nick = text_cut(ev->nick, NAME_MAX_BYTES);
    bool same = author->nick && str_is(nick, author->nick);

    if (same && author->device == ev->device && author->epoch != t->epoch &&
        ev->cseq && ev->cseq <= author->cseq)
        return true;
    if (!same) {
        free(author->nick);
        author->nick = mem_str(nick);
    }
    author->device = ev->device;
    author->cseq = ev->cseq;
    author->epoch = t->epoch;
    return false;
}

static bool is_change(const struct msg_event *ev)
{
    return ev->kind == event_EDIT || ev->kind == event_REDACT ||
           ev->kind == event_REACT;
}

static void take(struct tail *t, const struct msg_event *ev)
{
    struct saying saying = { .room = str_of(t->name),
                             .nick = ev->nick,
                             .text = ev->text,
                             .kind = (unsigned)ev->kind,
                             .seq = ev->seq,
                             .ts = ev->ts,
                             .account = ev->account,
                             .ref = ev->ref,
                             .edited = ev->edited,
                             .by = ev->by };

    t->pos = ev->seq;
    if (!is_message(ev) && !(t->json && is_change(ev)))
        return;
    if (is_repeat(t, ev))
        return;
    if (t->json)
        plain_json(&t->out, &saying);
    else
        plain_text(&t->out, &saying);
}

static void on_event(struct tail *t, const struct msg_event *ev)
{
    if (ev->room != t->room || t->room == 0)
        return;
    if (ev->seq > t->head)
        t->head = ev->seq;
    if (t->seek)
        count(t, ev);
    if (!t->placed || ev->seq != t->pos + 1)
        return;
    if (bytes_str(&t->out).len < OUT_MAX)
        take(t, ev);
    else
        t->coming = 0; /* it will have to be asked for */
}

static void on_hist_page(struct tail *t, const struct msg_hist_page *page)
{
    if (page->room != t->room)
        return;
    if (t->seek) {
        counted(t, page);
        return;
    }
    if (page->first == 0 && page->after == 0)
        t->head = t->pos; /* nothing there after all */
    if (page->first > t->pos + 1)
        t->pos = page->first - 1; /* what lay before is kept no longer */
}

void tail_apply(struct tail *t, const struct msg *msg)
{
    if (msg->kind == KIND_SYNC_ROOM)
        on_sync_room(t, &msg->sync_room);
    else if (msg->kind == KIND_EVENT)
        on_event(t, &msg->event);
    else if (msg->kind == KIND_HIST_PAGE)
        on_hist_page(t, &msg->hist_page);
}

void tail_epoch(struct tail *t)
{
    t->room = 0;
    t->placed = false;
    t->seek = 0;
    t->old = UINT64_MAX; /* all of the new history is news */
    t->epoch++;
    t->coming = 0;
}

bool tail_cursor(const struct tail *t, uint64_t *room, uint64_t *seq)
{
    *room = t->room;
    *seq = t->pos;
    return t->placed;
}

bool tail_want(const struct tail *t, struct msg *hist)
{
    bool behind = t->placed && t->pos < t->head && t->pos >= t->coming;

    if (!t->seek && (!behind || bytes_str(&t->out).len > OUT_LOW))
        return false;
    *hist = (struct msg){ .kind = KIND_HIST };
    hist->hist.room = t->room;
    hist->hist.mode = t->seek ? hist_BEFORE : hist_AFTER;
    hist->hist.seq = t->seek ? t->seek : t->pos;
    hist->hist.limit = PAGE;
    return true;
}

void tail_lost(struct tail *t)
{
    t->coming = 0;
    t->n_page = 0;
}

struct str tail_output(const struct tail *t)
{
    return bytes_str(&t->out);
}

void tail_taken(struct tail *t, size_t n)
{
    bytes_take(&t->out, n);
}

/* SPDX-License-Identifier: MIT */
#include "tui/history.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/amend.h"
#include "tui/history_impl.h"

void history_init(struct history *h, size_t max)
{
    *h = (struct history){ .max = max };
}

void history_line_fini(struct line *line)
{
    free(line->nick);
    free(line->text);
    free(line->by);
    free(line->reacts);
    free(line->reacts_then);
}

void history_fini(struct history *h)
{
    for (size_t i = 0; i < h->n; i++)
        history_line_fini(&h->lines[i]);
    free(h->lines);
    *h = (struct history){ 0 };
}

/* An own line that the server may still take: it stands behind all events. */
static bool is_pending(const struct line *line)
{
    return line->kind == LINE_EVENT && line->own && line->seq == 0 &&
           (line->state == LINE_QUEUED || line->state == LINE_SENT);
}

static bool is_loose(const struct line *line)
{
    return line->kind == LINE_EVENT && line->seq == 0;
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

size_t history_cost(const struct line *line)
{
    return sizeof *line + text_bytes(line->nick) + text_bytes(line->text) +
           text_bytes(line->by) + text_bytes(line->reacts) +
           text_bytes(line->reacts_then);
}

/* The seq before index i; 0 when there is none. */
static uint64_t seq_before(const struct history *h, size_t i)
{
    while (i > 0) {
        i--;
        if (h->lines[i].seq)
            return h->lines[i].seq;
    }
    return 0;
}

/* Let `last` run on from the line at index i, which holds it. */
static void run_on(struct history *h, size_t i)
{
    for (i++; i < h->n; i++) {
        uint64_t seq = h->lines[i].seq;

        if (seq == 0)
            continue;
        if (seq != h->last + 1 && seq > h->lost)
            return;
        h->last = seq;
    }
}

/* Index of the first line with a seq from `seq` on; n when there is none. */
static size_t index_from(const struct history *h, uint64_t seq)
{
    size_t i = 0;

    while (i < h->n && (h->lines[i].seq == 0 || h->lines[i].seq < seq))
        i++;
    return i;
}

void history_find_ends(struct history *h)
{
    uint64_t near = h->leapt ? h->first : 1;
    size_t i = index_from(h, 1);

    h->first = h->last = h->far_first = h->far_last = 0;
    size_t from = index_from(h, near);
    if (from < h->n) {
        h->first = h->last = h->lines[from].seq;
        run_on(h, from);
    }
    if (!h->leapt || i >= from)
        return;
    h->far_first = h->far_last = h->lines[i].seq;
    history_run_far(h, i);
}

/* Where trimming begins: a far part of few lines is spared. */
static size_t trim_from(const struct history *h)
{
    bool spares = h->leapt && h->bytes <= HISTORY_BYTES;
    size_t near = spares ? index_from(h, h->first) : 0;

    return near < h->n / 2 ? near : 0;
}

/* Above a bound: the oldest sixteenth goes, so that it costs little a line. */
static void trim(struct history *h)
{
    if (h->n <= h->max && h->bytes <= HISTORY_BYTES)
        return;
    size_t drop = h->n / 16 + 1;
    size_t kept = trim_from(h);
    bool events = false;
    for (size_t i = kept; i < h->n; i++) {
        struct line *line = &h->lines[i];
        if ((drop > 0 || h->bytes > HISTORY_BYTES) && !is_pending(line)) {
            drop -= drop > 0;
            events = events || line->seq;
            h->loose -= is_loose(line);
            h->bytes -= history_cost(line);
            history_line_fini(line);
        } else {
            h->lines[kept++] = *line;
        }
    }
    h->n = kept;
    if (events) {
        h->start = false;
        history_find_ends(h);
    }
}

void history_clear(struct history *h)
{
    size_t kept = 0;
    size_t newest = h->n;

    while (newest > 0 && h->lines[newest - 1].seq == 0)
        newest--;
    for (size_t i = 0; i < h->n; i++) {
        struct line *line = &h->lines[i];
        if (i + 1 == newest || is_pending(line)) {
            h->lines[kept++] = *line;
            continue;
        }
        h->loose -= is_loose(line);
        h->bytes -= history_cost(line);
        history_line_fini(line);
    }
    h->n = kept;
    h->start = h->leapt = false;
    h->serial++;
    history_find_ends(h);
}

/* ---- lines come in ---- */

/* Put a line, whose texts it owns, at index `at`. */
static struct line *insert(struct history *h, size_t at, struct line line)
{
    void *lines = h->lines;
    mem_grow(&lines, &h->cap, h->n + 1, sizeof *h->lines);
    h->lines = lines;
    memmove(&h->lines[at + 1], &h->lines[at], (h->n - at) * sizeof *h->lines);
    h->n++;
    h->bytes += history_cost(&line);
    h->loose += is_loose(&line);
    line.serial = ++h->serial;
    h->lines[at] = line;
    return &h->lines[at];
}

/* Take the line at index `at` out; its texts are the caller's now. */
static struct line take(struct history *h, size_t at)
{
    struct line line = h->lines[at];
    h->bytes -= history_cost(&line);
    h->loose -= is_loose(&line);
    h->n--;
    memmove(&h->lines[at], &h->lines[at + 1], (h->n - at) * sizeof *h->lines);
    return line;
}

/* Trim, and find a line again; NULL when the trim took it. */
static struct line *trim_but(struct history *h, uint64_t id)
{
    trim(h);
    size_t i = history_index(h, id);
    return i == SIZE_MAX ? NULL : &h->lines[i];
}

void history_reset(struct history *h)
{
    for (size_t i = 0; i < h->n; i++) {
        h->loose += h->lines[i].seq != 0;
        h->lines[i].seq = h->lines[i].ref = 0;
    }
    h->first = h->last = h->head = h->read = h->lost = 0;
    h->far_first = h->far_last = h->floor = 0;
    h->start = h->leapt = false;
    h->serial++;
}

/*
 * Where an event belongs: before the next greater one, before the unsent lines
 * at the end, behind notices; SIZE_MAX when there is one of that seq.
 */
static size_t place(const struct history *h, uint64_t seq, uint64_t ts)
{
    size_t at = h->n;
    bool newest = true;
    for (size_t i = h->n; i > 0; i--) {
        const struct line *line = &h->lines[i - 1];
        if (line->seq && line->seq <= seq) {
            if (line->seq == seq)
                return SIZE_MAX;
            break;
        }
        if (line->seq || (is_pending(line) && at == i))
            at = i - 1;
        newest = newest && line->seq == 0;
    }
    if (newest)
        return at;
    /* It fills a hole: notices said after it stay after it. */
    while (at > 0 && h->lines[at - 1].seq == 0 && h->lines[at - 1].ts > ts)
        at--;
    return at;
}

/* Anybody may call a device theirs: it has to be of the same person, too. */
static bool is_loose_of(const struct line *line, const struct msg_event *ev,
                        bool own)
{
    return line->device == ev->device && line->cseq == ev->cseq &&
           line->own == own && (own || str_is(ev->nick, line->nick));
}

/* The loose line of a command; n when there is none. */
static size_t find_loose(const struct history *h, const struct msg_event *ev,
                         bool own)
{
    size_t left = ev->device && ev->cseq ? h->loose : 0;

    for (size_t i = h->n; left > 0 && i > 0; i--) {
        const struct line *line = &h->lines[i - 1];
        if (!is_loose(line))
            continue;
        left--;
        if (is_loose_of(line, ev, own))
            return i - 1;
    }
    return h->n;
}

/* `first` and `last` after an event came in at index `at`. */
static void note_seq(struct history *h, size_t at, uint64_t seq)
{
    if (h->leapt && seq < h->first) {
        history_note_far(h, at, seq);
        return;
    }
    if (h->first == 0) {
        h->first = h->last = seq;
    } else if (seq < h->first) {
        if (seq + 1 != h->first)
            h->last = seq;
        h->first = seq;
    } else if (seq == h->last + 1) {
        h->last = seq;
    }
    if (h->last == seq)
        run_on(h, at);
    if (h->head < seq)
        h->head = seq;
}

struct line *history_event(struct history *h, const struct msg_event *ev,
                           uint64_t own_account)
{
    if (ev->seq == 0 || ev->seq < h->floor ||
        (ev->seq < history_oldest(h) && history_is_full(h)) ||
        place(h, ev->seq, ev->ts) == SIZE_MAX)
        return NULL;

    struct line line = { .kind = LINE_EVENT };
    line.own = own_account && ev->account == own_account;
    size_t loose = find_loose(h, ev, line.own);
    bool known = false;
    if (loose < h->n) {
        struct line old = take(h, loose);
        known = old.state == LINE_STORED;
        line.id = old.id;
        line.mention = old.mention;
        history_line_fini(&old);
    }
    line.state = LINE_STORED;
    line.event = (unsigned)ev->kind;
    line.seq = ev->seq;
    line.ts = ev->ts;
    line.account = ev->account;
    line.device = ev->device;
    line.cseq = ev->cseq;
    line.ref = ev->ref;
    line.edited = ev->edited;
    line.pinned = ev->pinned;
    line.as_of = ev->as_of;
    line.nick = mem_str(ev->nick);
    line.text = mem_str(ev->text);
    line.by = ev->by.len ? mem_str(ev->by) : NULL;
    line.reacts = ev->reacts.len ? mem_str(ev->reacts) : NULL;
    line.reacts_then = ev->reacts.len ? mem_str(ev->reacts) : NULL;

    size_t at = place(h, ev->seq, ev->ts);
    line.id = line.id ? line.id : ++h->ids;
    insert(h, at, line);
    note_seq(h, at, ev->seq);
    amend_settle(h, at);
    struct line *kept = trim_but(h, line.id);
    return known ? NULL : kept;
}

struct line *history_queue(struct history *h, const struct msg_event *ev)
{
    struct line line = { .id = ++h->ids,
                         .kind = LINE_EVENT,
                         .state = LINE_QUEUED,
                         .event = (unsigned)ev->kind,
                         .ts = ev->ts,
                         .device = ev->device,
                         .cseq = ev->cseq,
                         .ref = ev->ref,
                         .own = true,
                         .nick = mem_str(ev->nick),
                         .text = mem_str(ev->text) };

    insert(h, h->n, line);
    return trim_but(h, line.id);
}

struct line *history_own(struct history *h, uint64_t device, uint64_t cseq)
{
    struct msg_event ev = { .device = device, .cseq = cseq };
    size_t i = find_loose(h, &ev, true);

    return i < h->n ? &h->lines[i] : NULL;
}

void history_mark(struct history *h, struct line *line, enum line_state state)
{
    if (line->state == state)
        return;
    line->state = state;
    line->serial = ++h->serial;
}

bool history_is_full(const struct history *h)
{
    return h->n >= h->max || h->bytes >= HISTORY_BYTES;
}

size_t history_end(const struct history *h)
{
    size_t end = h->n;

    while (end > 0 && is_pending(&h->lines[end - 1]))
        end--;
    return end;
}

struct line *history_notice(struct history *h, struct str text,
                            uint64_t wall_ms)
{
    struct line line = { .id = ++h->ids,
                         .kind = LINE_NOTICE,
                         .state = LINE_STORED,
                         .ts = wall_ms,
                         .text = mem_str(text) };

    insert(h, h->n, line);
    return trim_but(h, line.id);
}

void history_rewrite(struct history *h, struct line *line, struct str text,
                     uint64_t wall_ms)
{
    h->bytes -= history_cost(line);
    free(line->text);
    line->text = mem_str(text);
    line->ts = wall_ms;
    line->serial = ++h->serial;
    h->bytes += history_cost(line);
}

bool history_gap(const struct history *h, uint64_t *after, uint64_t *before)
{
    if (h->first == 0)
        return false;
    uint64_t next = h->head > h->last ? h->head + 1 : 0;
    for (size_t i = h->n; i > 0; i--) {
        uint64_t seq = h->lines[i - 1].seq;
        if (seq && seq <= h->last)
            break;
        if (seq)
            next = seq;
    }
    *after = h->last;
    *before = next;
    return next != 0;
}

void history_give_up(struct history *h)
{
    uint64_t after, before;

    if (!history_gap(h, &after, &before))
        return;
    h->lost = before;
    if (before > h->head)
        h->head = h->last;
    history_find_ends(h);
    h->serial++;
}

size_t history_find(const struct history *h, uint64_t seq)
{
    for (size_t i = h->n; seq && i > 0; i--) {
        if (h->lines[i - 1].seq == seq)
            return i - 1;
        if (h->lines[i - 1].seq && h->lines[i - 1].seq < seq)
            break;
    }
    return SIZE_MAX;
}

size_t history_index(const struct history *h, uint64_t id)
{
    for (size_t i = h->n; i > 0; i--)
        if (h->lines[i - 1].id == id)
            return i - 1;
    return SIZE_MAX;
}

uint64_t history_missing(const struct history *h, size_t i)
{
    uint64_t seq = i < h->n ? h->lines[i].seq : h->head + 1;
    uint64_t prev = seq ? seq_before(h, i) : 0;

    return prev && seq > prev + 1 ? seq - prev - 1 : 0;
}

/* Whether the folded needle is in the text. */
static bool contains(const char *text, const char *needle, size_t len,
                     char *fold, size_t cap)
{
    size_t n = text_fold(str_of(text), fold, cap);

    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(fold + i, needle, len) == 0)
            return true;
    return false;
}

size_t history_search(const struct history *h, struct str needle, size_t from)
{
    enum { NEEDLE_MAX = 1024, FOLD_MAX = 1 << 18 };

    char folded[NEEDLE_MAX];
    size_t len = text_fold(needle, folded, sizeof folded);
    size_t found = SIZE_MAX;
    char *fold = len ? mem_new(FOLD_MAX, 1) : NULL;
    for (size_t i = from < h->n ? from : h->n; len && i > 0; i--) {
        if (amend_is_change(&h->lines[i - 1]))
            continue;
        if (contains(h->lines[i - 1].text, folded, len, fold, FOLD_MAX)) {
            found = i - 1;
            break;
        }
    }
    free(fold);
    return found;
}

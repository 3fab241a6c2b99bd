/* SPDX-License-Identifier: MIT
 *
 * Commands on their way, and their journal: a record when one is added, a
 * record when it is done.  When the done outweigh the rest the journal is
 * begun anew.
 */
#include "tui/outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "tui/journal.h"
#include "tui/lang.h"

enum { DEAD_MAX = 1024 * 1024 }; /* bytes of done records kept at most */

/* First byte of a record. */
enum { REC_DEVICE = 1, REC_ADD = 2, REC_DONE = 3, REC_ABOUT = 5 };

enum {
    DEVICE_LEN = 17, /* type, u64 device, u64 next cseq */
    ADD_HEAD = 20,   /* type, u64 cseq, u8 kind, u8 event, u64 ts, u8 room */
    ABOUT_HEAD = 44, /* the same, u64 ref, u64 epoch, u64 peer */
    DONE_LEN = 9,    /* type, u64 cseq */
};

struct outbox {
    struct entry *entries; /* used: head .. head + n */
    size_t head, n, cap;
    uint64_t device, next;
    size_t live;             /* bytes the entries take in the journal */
    struct journal *journal; /* NULL: memory only */
    char notice[512];
};

static uint64_t get64(const uint8_t *p)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < 8; i++)
        n = n << 8 | p[i];
    return n;
}

static void put64(uint8_t *p, uint64_t n)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(n >> (56 - 8 * i));
}

/* ---- records out ---- */

static void write_device(struct outbox *box)
{
    uint8_t rec[DEVICE_LEN] = { REC_DEVICE };

    put64(rec + 1, box->device);
    put64(rec + 9, box->next);
    if (box->journal)
        journal_append(box->journal, str_bytes(rec, sizeof rec), false);
}

static size_t head_of(const struct entry *entry)
{
    return entry->ref || entry->peer ? ABOUT_HEAD : ADD_HEAD;
}

static size_t entry_size(const struct entry *entry)
{
    return RECORD_HEAD + head_of(entry) + strlen(entry->room) +
           strlen(entry->text);
}

static void write_entry(struct outbox *box, const struct entry *entry)
{
    size_t room = strlen(entry->room), text = strlen(entry->text);
    size_t head = head_of(entry);
    uint8_t *rec;

    if (!box->journal)
        return;
    rec = mem_new(head + room + text, 1);
    rec[0] = head == ABOUT_HEAD ? REC_ABOUT : REC_ADD;
    put64(rec + 1, entry->cseq);
    rec[9] = (uint8_t)entry->kind;
    rec[10] = (uint8_t)entry->event;
    put64(rec + 11, entry->ts);
    rec[19] = (uint8_t)room;
    if (head == ABOUT_HEAD) {
        put64(rec + 20, entry->ref);
        put64(rec + 28, entry->epoch);
        put64(rec + 36, entry->peer);
    }
    memcpy(rec + head, entry->room, room);
    memcpy(rec + head + room, entry->text, text);
    journal_append(box->journal, str_bytes(rec, head + room + text), true);
    free(rec);
}

static void write_done(struct outbox *box, uint64_t cseq)
{
    uint8_t rec[DONE_LEN] = { REC_DONE };

    put64(rec + 1, cseq);
    if (box->journal)
        journal_append(box->journal, str_bytes(rec, sizeof rec), false);
}

/*
 * Only what is alive, when most of the file is not.  The device comes last: its
 * counter says of all before it that no record of them is new.
 */
static void compact(struct outbox *box)
{
    size_t size = journal_size(box->journal);

    if (size < DEAD_MAX || size - DEAD_MAX < box->live)
        return;
    journal_restart(box->journal);
    for (size_t i = 0; i < box->n; i++)
        write_entry(box, outbox_at(box, i));
    write_device(box);
}

/* ---- entries ---- */

static struct entry *push(struct outbox *box)
{
    void *grown = box->entries;

    if (box->head > box->n && box->head + box->n == box->cap) {
        memmove(box->entries, box->entries + box->head,
                box->n * sizeof *box->entries);
        box->head = 0;
    }
    mem_grow(&grown, &box->cap, box->head + box->n + 1, sizeof *box->entries);
    box->entries = grown;
    return &box->entries[box->head + box->n++];
}

static void drop_first(struct outbox *box)
{
    struct entry *entry = &box->entries[box->head];

    box->live -= entry_size(entry);
    free(entry->room);
    free(entry->text);
    box->n--;
    box->head = box->n ? box->head + 1 : 0;
}

static void drop_through(struct outbox *box, uint64_t cseq)
{
    while (box->n && box->entries[box->head].cseq <= cseq)
        drop_first(box);
}

/* ---- records in ---- */

/* NUL ends our strings, so a record that holds one is not ours. */
static bool has_nul(struct str s)
{
    return s.len && memchr(s.ptr, '\0', s.len);
}

static void load_entry(struct outbox *box, struct str payload)
{
    const uint8_t *p = (const uint8_t *)payload.ptr;
    uint64_t cseq = get64(p + 1);
    bool about = p[0] == REC_ABOUT;
    struct str rest = str_from(payload, about ? ABOUT_HEAD : ADD_HEAD);
    struct entry *entry;

    if (p[9] >= ENTRY_KINDS || p[19] > rest.len || has_nul(rest) ||
        cseq < box->next || cseq == UINT64_MAX)
        return;
    entry = push(box);
    *entry = (struct entry){
        .cseq = cseq,
        .kind = (enum entry_kind)p[9],
        .event = p[10],
        .ts = get64(p + 11),
        .room = mem_str(str_bytes(rest.ptr, p[19])),
        .text = mem_str(str_from(rest, p[19])),
        .ref = about ? get64(p + 20) : 0,
        .epoch = about ? get64(p + 28) : 0,
        .peer = about ? get64(p + 36) : 0,
    };
    box->live += entry_size(entry);
    box->next = cseq + 1;
}

static void load_record(struct outbox *box, struct str payload)
{
    const uint8_t *p = (const uint8_t *)payload.ptr;

    if (p[0] == REC_DEVICE && payload.len == DEVICE_LEN) {
        box->device = get64(p + 1);
        if (get64(p + 9) > box->next)
            box->next = get64(p + 9);
    } else if ((p[0] == REC_ADD && payload.len >= ADD_HEAD) ||
               (p[0] == REC_ABOUT && payload.len >= ABOUT_HEAD)) {
        load_entry(box, payload);
    } else if (p[0] == REC_DONE && payload.len == DONE_LEN) {
        drop_through(box, get64(p + 1));
    }
}

static int load(struct outbox *box, const char *path)
{
    struct str records, payload;
    char aside[400];
    uint64_t fresh = box->device;

    box->device = 0;
    box->journal = journal_open(path, &records, aside, sizeof aside);
    if (!box->journal)
        return -1;
    while (journal_next(&records, &payload))
        load_record(box, payload);
    if (*aside)
        snprintf(box->notice, sizeof box->notice,
                 _("the file of unsent lines was damaged; it is kept as %s, "
                   "and nothing of it will be sent"),
                 aside);
    if (box->device == 0) {
        box->device = fresh;
        write_device(box);
    }
    return 0;
}

/* ---- the interface ---- */

struct outbox *outbox_open(const char *path, uint64_t device, char *error,
                           size_t cap)
{
    struct outbox *box = mem_new(1, sizeof *box);

    box->device = device ? device : 1;
    box->next = 1;
    if (path && load(box, path) < 0) {
        snprintf(error, cap, _("%s: unsent lines cannot be kept: %s"), path,
                 strerror(errno));
        outbox_close(box);
        return NULL;
    }
    return box;
}

void outbox_close(struct outbox *box)
{
    if (!box)
        return;
    if (box->journal)
        journal_sync(box->journal);
    journal_close(box->journal);
    while (box->n)
        drop_first(box);
    free(box->entries);
    free(box);
}

uint64_t outbox_device(const struct outbox *box)
{
    return box->device;
}

const char *outbox_notice(const struct outbox *box)
{
    return *box->notice ? box->notice : NULL;
}

uint64_t outbox_put(struct outbox *box, const struct entry *draft)
{
    struct entry *entry = push(box);
    struct str room = str_of(draft->room), text = str_of(draft->text);

    assert(room.len <= UINT8_MAX &&
           text.len <= RECORD_MAX - ABOUT_HEAD - room.len);
    *entry = *draft;
    entry->cseq = box->next++;
    entry->room = mem_str(room);
    entry->text = mem_str(text);
    entry->sent = entry->answered = false;
    box->live += entry_size(entry);
    write_entry(box, entry);
    return entry->cseq;
}

int outbox_sync(struct outbox *box)
{
    if (!box->journal)
        return 0;
    compact(box);
    return journal_sync(box->journal);
}

void outbox_done(struct outbox *box, uint64_t cseq)
{
    if (box->n == 0 || box->entries[box->head].cseq > cseq)
        return;
    drop_through(box, cseq);
    write_done(box, cseq);
}

struct entry *outbox_at(struct outbox *box, size_t i)
{
    return i < box->n ? &box->entries[box->head + i] : NULL;
}

size_t outbox_len(const struct outbox *box)
{
    return box->n;
}

struct entry *outbox_find(struct outbox *box, uint64_t cseq)
{
    size_t low = 0, high = box->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (box->entries[box->head + mid].cseq < cseq)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == box->n || box->entries[box->head + low].cseq != cseq)
        return NULL;
    return &box->entries[box->head + low];
}

uint64_t outbox_next(const struct outbox *box)
{
    return box->next;
}

void outbox_advance(struct outbox *box, uint64_t next)
{
    if (next <= box->next)
        return;
    box->next = next;
    write_device(box);
}

/* SPDX-License-Identifier: MIT
 *
 * The conversation as plain lines, for screen readers, pipes and terminals that
 * can do nothing: each line goes through the strict filter, since no screen
 * library stands between it and the terminal.
 */
#ifndef TUI_PLAIN_H
#define TUI_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/str.h"
#include "tui/bytes.h"

struct model;
struct plain;

/* Something that was said. */
struct saying {
    struct str room, nick, text;
    unsigned kind; /* value set event */
    uint64_t seq, ts, account;
    uint64_t ref, edited; /* as in EVENT */
    struct str by;
};

/* "2026-08-24T10:02:03Z #room <nick> text\n"; a text of many lines becomes one.
 */
void plain_text(struct bytes *, const struct saying *);

/*
 * One JSON object and LF; the text keeps its lines.  Changes of messages are
 * objects as well.
 */
void plain_json(struct bytes *, const struct saying *);

/*
 * All that is new in the model since the last call, room by room: events in
 * order, notices, what became of own lines.
 */
struct plain *plain_new(void);
void plain_free(struct plain *);
void plain_update(struct plain *, const struct model *, struct bytes *);

#endif

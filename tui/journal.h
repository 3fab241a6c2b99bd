/* SPDX-License-Identifier: MIT
 *
 * An append-only file of small records with checksums: the outbox's disk half.
 * What a record holds is the owner's business.
 *
 * On disk: MAGIC, then per record u32 length, u32 CRC-32 of the payload, the
 * payload; numbers big-endian.
 */
#ifndef TUI_JOURNAL_H
#define TUI_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

enum {
    RECORD_HEAD = 8,         /* bytes before a payload */
    RECORD_MAX = 128 * 1024, /* longest payload, bytes */
};

struct journal;

/*
 * Open or make the file.
 *   records  gets the payloads as one buffer of whole records, borrowed until
 *            the first append; take them off with journal_next
 *   aside    gets the name a damaged file was given, cap bytes; "" if sound
 *   returns  NULL with errno
 */
struct journal *journal_open(const char *path, struct str *records, char *aside,
                             size_t cap);
void journal_close(struct journal *);

/* The next payload off the front of *records; false at the end. */
bool journal_next(struct str *records, struct str *payload);

/*
 * Append; reaches the file with journal_sync.
 *   must     it has to survive a crash, not only a process
 */
void journal_append(struct journal *, struct str payload, bool must);

/* Write what was appended; wait for the disk if one of them must survive. */
int journal_sync(struct journal *);

/* Bytes in the file and on the way there. */
size_t journal_size(const struct journal *);

/*
 * Begin anew: what is appended until journal_sync becomes the whole file, put
 * in the old one's place in one step.
 */
void journal_restart(struct journal *);

#endif

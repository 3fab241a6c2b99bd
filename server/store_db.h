/* SPDX-License-Identifier: MIT
 *
 * EDGE SQLite: one connection to the file of the store, used by one thread at
 * a time.  One connection alone writes and checkpoints; the others only read.
 * What the store needs of an engine is in this header: another one would stand
 * behind it.
 */
#ifndef SERVER_STORE_DB_H
#define SERVER_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/store_op.h"

struct db;

struct db_config {
    const char *path;   /* NULL: in memory */
    const char *vfs;    /* NULL: the system's */
    unsigned log_pages; /* of the write-ahead log, before they are moved */
    bool reads_only;
};

/*
 * Open, make what is missing, bring an older schema up to date.
 *   why      gets a sentence, cap bytes
 *   code     gets an exit code of sysexits
 *   returns  NULL: it cannot be used
 */
struct db *db_open(const struct db_config *, int *code, char *why, size_t cap);

/* The one that writes is closed last. */
void db_close(struct db *);

/* The life of the file: from one opening for writing to the next. */
struct db_life {
    uint64_t epoch; /* in: of a history that begins now; out: of this one */
    uint64_t mark;  /* in: the one expected; out: of this life */
    bool is_new, is_restored, was_cut;
};

/*
 * Begin a life.  A file whose mark is not the one expected, nor the next, is
 * an older state that was put back.
 *   returns  false: it cannot be written
 */
bool db_begin(struct db *, struct db_life *);

/* It is closed in order, and needs no check at the next start. */
void db_end(struct db *);

/* SQLite's quick_check; false: it is damaged, with what it found first. */
bool db_check(struct db *, char *why, size_t cap);

/* Let what another thread is doing with it fail. */
void db_interrupt(struct db *);

/* Tell all that is stored, see store_recall; false: it cannot be read. */
bool db_recall(struct db *, void (*each)(void *ctx, const struct store_row *),
               void *ctx);

/*
 * All of them in one transaction, or none.
 *   room_events  keep so many of a room; 0: all
 *   returns      0, or a negative error code
 */
int db_write(struct db *, const struct store_op *, size_t n,
             uint64_t room_events);

/* Answer the query in *answer; error says when it could not be read. */
void db_read(struct db *, struct store_answer *);

/* How much else there is to do. */
enum db_leisure {
    DB_BUSY,  /* the next batch is waiting, or about to come */
    DB_PAUSE, /* none is */
    DB_IDLE   /* none has come for a while */
};

/*
 * Move what is in the write-ahead log into the file, if there is enough of it.
 *   returns  whether something is left for an idle moment
 */
bool db_tend(struct db *, enum db_leisure);

/* Why the last call failed, of static life; NULL: it did not. */
const char *db_trouble(const struct db *);

/* Nothing is written any more: the file is damaged. */
bool db_is_damaged(const struct db *);
void db_damage(struct db *, const char *why); /* why: of static life */

/* Bytes of the write-ahead log. */
uint64_t db_log_bytes(const struct db *);

#endif

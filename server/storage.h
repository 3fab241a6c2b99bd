/* SPDX-License-Identifier: MIT
 *
 * The store where the settings say it lies: chat.db in the data directory, and
 * chat.run and the index, search.db, beside it.
 */
#ifndef SERVER_STORAGE_H
#define SERVER_STORAGE_H

#include <stddef.h>

#include "server/runfile.h"
#include "server/search.h"
#include "server/store.h"

struct settings;
struct world;

struct storage {
    struct runfile run;
    char *path;            /* of chat.db; NULL: in memory */
    struct store *store;   /* until the world owns it */
    struct search *search; /* likewise; NULL: there is none */
    struct store_opened opened;
    char no_search[256]; /* why there is none */
    char why[1024];      /* what went wrong: a sentence */
};

/*
 * Open it, before anything listens.
 *   random   secret bytes from the system, as the world's
 *   returns  0, or an exit code of sysexits and a sentence in `why`;
 *            storage_close in any case
 */
int storage_open(struct storage *, const struct settings *,
                 void (*random)(void *ctx, uint8_t *out, size_t len));

/*
 * It is open, and what is in it cannot be read: `why` gets a sentence, and what
 * to do.
 *   returns  EX_DATAERR
 */
int storage_spoilt(struct storage *, const char *what);

/* After the world is gone. */
void storage_close(struct storage *);

/* Lines of the log that say what was found. */
void storage_announce(const struct storage *, struct world *);

#endif

/* SPDX-License-Identifier: MIT
 *
 * EDGE files: chat.run in the data directory.  It is locked while a server
 * runs there, so that there is one at most; and it holds the mark of chat.db,
 * so that an older state of that file is known when it has been put back.
 */
#ifndef SERVER_RUNFILE_H
#define SERVER_RUNFILE_H

#include <stdint.h>

struct runfile {
    int fd;        /* -1: not open */
    uint64_t mark; /* what it says; 0: nothing */
};

/*
 *   returns  0; EX_UNAVAILABLE: somebody else has it; EX_CANTCREAT, with errno
 */
int runfile_open(struct runfile *, const char *path);
void runfile_close(struct runfile *);

/* returns 0, or EX_IOERR with errno */
int runfile_set_mark(struct runfile *, uint64_t mark);

/* Make an empty file for its owner only, unless it is there; -1 with errno. */
int runfile_touch(const char *path);

#endif

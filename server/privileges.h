/* SPDX-License-Identifier: MIT
 *
 * EDGE users: a server that root starts opens what only root may, and goes on
 * as somebody who may do little.  Files that are to last are made by that user
 * from the beginning, so that they can be opened again.
 */
#ifndef SERVER_PRIVILEGES_H
#define SERVER_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct privileges {
    bool has; /* there is somebody to become */
    uid_t uid;
    gid_t gid;
};

/*
 * Look the user up and take its groups; what root owns stays within reach.
 *   user     NULL or empty: stay who we are
 *   error    gets a sentence, cap bytes
 *   returns  0, or an exit code of sysexits
 */
int privileges_find(struct privileges *, const char *user, char *error,
                    size_t cap);

/*
 * Whether there is such a user, whoever we are; error and result as above.
 */
int privileges_check(const char *user, char *error, size_t cap);

/*
 * A directory or socket that root has made becomes the user's; 0, or -1 with
 * errno.
 */
int privileges_give(const struct privileges *, const char *dir);

/* Act as the user (or as root again) for what comes; false: it cannot. */
bool privileges_lend(const struct privileges *);
bool privileges_return(const struct privileges *);

/* Be the user for good; false: it cannot, and the server must not go on. */
bool privileges_drop(const struct privileges *);

/* After that: whether a file can be read again; else false, with errno. */
bool privileges_can_read(const char *path);

#endif

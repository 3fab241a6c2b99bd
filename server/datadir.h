/* SPDX-License-Identifier: MIT
 *
 * EDGE files: the directory that the server keeps its data in.
 */
#ifndef SERVER_DATADIR_H
#define SERVER_DATADIR_H

#include <stdbool.h>

#define DATADIR_ROOT "/var/lib/chat-server" /* of a server that root runs */

/* Whether --data says that nothing is to be kept. */
bool datadir_is_memory(const char *data);

/*
 * Where it is; owner frees.
 *   data     what --data says; NULL or empty: the default of this user
 *   returns  NULL: in memory only, or neither HOME nor XDG_STATE_HOME is set
 */
char *datadir_path(const char *data);

/* The path of a file in it; owner frees. */
char *datadir_file(const char *dir, const char *name);

/* Make it and all above it, for its owner only; 0, or -1 with errno. */
int datadir_make(const char *dir);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Who may speak clear text over a network; a Unix socket always may.
 */
#ifndef SERVER_CLEAR_H
#define SERVER_CLEAR_H

#include <stdbool.h>

enum net_clear { CLEAR_NEVER, CLEAR_LOCAL, CLEAR_ALL };

/* local: of this machine, so that nobody else can listen. */
static inline bool clear_is_good(enum net_clear clear, bool local)
{
    return clear == CLEAR_ALL || (clear == CLEAR_LOCAL && local);
}

#endif

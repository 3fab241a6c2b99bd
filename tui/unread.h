/* SPDX-License-Identifier: MIT
 *
 * What has not been read: counted here as it comes, and by the server what
 * nobody was here for.
 */
#ifndef TUI_UNREAD_H
#define TUI_UNREAD_H

#include "shared/now.h"

struct line;
struct model;
struct msg_read;
struct room;

/* Something new was said by somebody else: counts, marks, the bell. */
void unread_news(struct model *, struct room *, struct line *);

/*
 * Another device has read on, or we are back: what the server has counted, and
 * what came since.  A room that is looked at gets only its mark.
 */
void unread_told(struct model *, const struct msg_read *, struct now);

#endif

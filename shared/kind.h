/* SPDX-License-Identifier: MIT
 *
 * What the kinds of events have in common.
 */
#ifndef SHARED_KIND_H
#define SHARED_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"

/* Somebody said it: it can be answered, changed, counted and found. */
static inline bool kind_is_talk(uint64_t event)
{
    return event == event_MESSAGE || event == event_ACTION ||
           event == event_NOTICE;
}

/* It was done to ref, an account; the text begins with their nick. */
static inline bool kind_is_order(uint64_t event)
{
    return event >= event_KICK && event <= event_INVITE;
}

#endif

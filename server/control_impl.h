/* SPDX-License-Identifier: MIT
 *
 * What the files of the console share: how a session is told to an operator.
 * Nobody else includes this.
 */
#ifndef SERVER_CONTROL_IMPL_H
#define SERVER_CONTROL_IMPL_H

#include "shared/now.h"

struct session;

enum control_state {
    CONTROL_HANDSHAKE,
    CONTROL_GREETING,
    CONTROL_READY,
    CONTROL_DORMANT,
    CONTROL_CLOSING,
    CONTROL_STATES
};

enum control_way { CONTROL_TCP, CONTROL_UDP, CONTROL_UNIX, CONTROL_WAYS };

/* control_list.c */
enum control_state control_state(const struct session *);
enum control_way control_way(const struct session *);

/* From now until then, us; 0 when it has passed. */
static inline uint64_t time_left(uint64_t at_us, struct now now)
{
    return at_us > now.mono_us ? at_us - now.mono_us : 0;
}

#endif

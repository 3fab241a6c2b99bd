/* SPDX-License-Identifier: MIT
 *
 * A connection for one question and its answer, sans-I/O: a line from chatctl
 * (control.h), or a GET from what reads the metrics (http.h).
 *
 *      asking      bytes come, until the question is whole
 *      answering   the answer goes out
 *      ending      it has; the other side is to close
 *      over        the edge is to close
 */
#ifndef SERVER_INQUIRY_H
#define SERVER_INQUIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/control.h"
#include "shared/now.h"
#include "shared/str.h"

struct inquiry;

enum inquiry_kind { INQUIRY_CONTROL, INQUIRY_HTTP };

/* asker: of INQUIRY_CONTROL only. */
struct inquiry *inquiry_new(enum inquiry_kind, struct service *,
                            const struct asker *, struct now);
void inquiry_free(struct inquiry *);

/* Bytes came; borrowed for the call. */
void inquiry_feed(struct inquiry *, struct str bytes, struct now);

/* None will come any more. */
void inquiry_eof(struct inquiry *);

/* What is to be written, good until inquiry_sent; and that n bytes of it are.
 */
struct str inquiry_output(const struct inquiry *);
void inquiry_sent(struct inquiry *, size_t n, struct now);

/* Everything was said: close this side's half. */
bool inquiry_is_said(const struct inquiry *);

bool inquiry_is_over(const struct inquiry *);

/* When inquiry_turn must be called, mono_us; 0: at once. */
uint64_t inquiry_wake(const struct inquiry *);

/* Go on with a long answer by one part, or find that it takes too long. */
void inquiry_turn(struct inquiry *, struct now);

#endif

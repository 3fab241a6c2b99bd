/* SPDX-License-Identifier: MIT
 *
 * A question and its answer; see inquiry.h.
 */
#include "server/inquiry.h"

#include <stdlib.h>

#include "server/http.h"
#include "server/service.h"
#include "shared/mem.h"

static const uint64_t ASK_US = 10000000;    /* to ask, from the beginning */
static const uint64_t ANSWER_US = 30000000; /* to take some of the answer */
static const uint64_t END_US = 1000000;     /* to close, once it has all */

enum state { ASKING, ANSWERING, ENDING, OVER };

struct inquiry {
    enum inquiry_kind kind;
    enum state state;
    struct service *service;
    struct asker asker;
    struct control *control; /* what is being done; NULL */
    char *in;                /* of the question, n_in of cap_in */
    size_t n_in, cap_in;
    char *out; /* the answer, of which `sent` bytes are gone */
    size_t n_out, sent;
    uint64_t by_us;
    bool eof;
};

static size_t max_of(const struct inquiry *inquiry)
{
    return inquiry->kind == INQUIRY_HTTP ? HTTP_HEAD_MAX : CONTROL_LINE_MAX;
}

/* Have the next of an answer sent. */
static void answer(struct inquiry *inquiry, char *out, size_t len,
                   struct now now)
{
    free(inquiry->out);
    inquiry->out = out;
    inquiry->n_out = len;
    inquiry->sent = 0;
    inquiry->state = ANSWERING;
    inquiry->by_us = now.mono_us + ANSWER_US;
}

/* Do the next part of what was asked. */
static void go_on(struct inquiry *inquiry, struct now now)
{
    size_t len;
    char *out = control_part(inquiry->control, now, &len);

    answer(inquiry, out, len, now);
}

/* All that there is so far has gone out, and it is not the end. */
static bool has_work(const struct inquiry *inquiry)
{
    return inquiry->state == ANSWERING && inquiry->sent == inquiry->n_out &&
           inquiry->control && !control_is_done(inquiry->control);
}

static void begin(struct inquiry *inquiry, struct str question, struct now now)
{
    size_t len;
    char *out;

    if (inquiry->kind == INQUIRY_CONTROL) {
        inquiry->control =
            control_new(inquiry->service, &inquiry->asker, question);
        go_on(inquiry, now);
    } else {
        out = http_answer(inquiry->service, question, &len);
        answer(inquiry, out, len, now);
    }
}

struct inquiry *inquiry_new(enum inquiry_kind kind, struct service *service,
                            const struct asker *asker, struct now now)
{
    struct inquiry *inquiry = mem_new(1, sizeof *inquiry);

    inquiry->kind = kind;
    inquiry->service = service;
    inquiry->by_us = now.mono_us + ASK_US;
    if (asker)
        inquiry->asker = *asker;
    if (kind == INQUIRY_CONTROL && !control_admits(&inquiry->asker))
        begin(inquiry, str_of(NULL), now);
    return inquiry;
}

void inquiry_free(struct inquiry *inquiry)
{
    control_free(inquiry->control);
    free(inquiry->in);
    free(inquiry->out);
    free(inquiry);
}

/* ---- in ---- */

static void add(struct inquiry *inquiry, struct str bytes)
{
    void *in = inquiry->in;

    mem_grow(&in, &inquiry->cap_in, inquiry->n_in + bytes.len, 1);
    inquiry->in = in;
    memcpy(inquiry->in + inquiry->n_in, bytes.ptr, bytes.len);
    inquiry->n_in += bytes.len;
}

void inquiry_feed(struct inquiry *inquiry, struct str bytes, struct now now)
{
    size_t room = max_of(inquiry) - inquiry->n_in, len;
    struct str question;

    if (inquiry->state != ASKING || bytes.len == 0)
        return;
    add(inquiry, str_bytes(bytes.ptr, bytes.len < room ? bytes.len : room));
    question = str_bytes(inquiry->in, inquiry->n_in);
    len = inquiry->kind == INQUIRY_HTTP ? http_head(question)
                                        : control_line(question);
    if (len)
        begin(inquiry, str_bytes(question.ptr, len), now);
    else if (bytes.len >= room)
        begin(inquiry, question, now); /* it will be told what is wrong */
}

void inquiry_eof(struct inquiry *inquiry)
{
    inquiry->eof = true;
    if (inquiry->state != ANSWERING)
        inquiry->state = OVER;
}

/* ---- out ---- */

struct str inquiry_output(const struct inquiry *inquiry)
{
    if (inquiry->state != ANSWERING)
        return str_of(NULL);
    return str_bytes(inquiry->out + inquiry->sent,
                     inquiry->n_out - inquiry->sent);
}

void inquiry_sent(struct inquiry *inquiry, size_t n, struct now now)
{
    inquiry->sent += n;
    inquiry->by_us = now.mono_us + ANSWER_US;
    if (inquiry->sent < inquiry->n_out || has_work(inquiry))
        return;
    inquiry->state = inquiry->eof ? OVER : ENDING;
    inquiry->by_us = now.mono_us + END_US;
}

bool inquiry_is_said(const struct inquiry *inquiry)
{
    return inquiry->state >= ENDING;
}

bool inquiry_is_over(const struct inquiry *inquiry)
{
    return inquiry->state == OVER;
}

/* ---- time ---- */

uint64_t inquiry_wake(const struct inquiry *inquiry)
{
    if (inquiry->state == OVER)
        return 0;
    return has_work(inquiry) ? control_wake(inquiry->control) : inquiry->by_us;
}

void inquiry_turn(struct inquiry *inquiry, struct now now)
{
    if (now.mono_us >= inquiry->by_us)
        inquiry->state = OVER;
    else if (has_work(inquiry) && now.mono_us >= control_wake(inquiry->control))
        go_on(inquiry, now);
}

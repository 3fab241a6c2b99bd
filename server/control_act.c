/* SPDX-License-Identifier: MIT
 *
 * Commands that do something; see control.h.
 */
#include <stdlib.h>
#include <sysexits.h>

#include "server/answer.h"
#include "server/control.h"
#include "server/hub.h"
#include "server/service.h"
#include "shared/text.h"

static const uint64_t SHUTDOWN_MAX_S = UINT64_C(7) * 24 * 3600;

static enum log_format form_of(const struct answer *answer)
{
    return answer->json ? LOG_AS_JSON : LOG_AS_TEXT;
}

int control_reload(struct control_call *call)
{
    struct log *log = &hub_world(call->service->hub)->env.log;
    int code;

    log_copy(log, call->answer->out, form_of(call->answer));
    code = service_reload(call->service);
    log_copy(log, NULL, LOG_AS_TEXT);
    if (code)
        answer_fail(call->answer, code,
                    "reload: what was refused stays as it "
                    "was");
    return code;
}

int control_check(struct control_call *call)
{
    struct log log = { .wall_ms = call->now.wall_ms };
    int code;

    log_copy(&log, call->answer->out, form_of(call->answer));
    code = service_check(call->service, &log);
    if (code)
        answer_fail(call->answer, code, "check: a reload would be refused");
    return code;
}

/* ---- the end ---- */

static bool take_seconds(struct str text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.ptr[i] - '0';

        if (digit > 9 || *out > SHUTDOWN_MAX_S)
            return false;
        *out = *out * 10 + digit;
    }
    return text.len > 0 && *out <= SHUTDOWN_MAX_S;
}

int control_shutdown(struct control_call *call)
{
    uint64_t seconds = 0;

    if (call->n && !take_seconds(call->args[0], &seconds))
        return answer_fail(call->answer, EX_USAGE,
                           "shutdown: %.*s: not a number of seconds up to a "
                           "week",
                           STR_ARG(text_cut(call->args[0], 64)));
    call->service->stop_us = call->now.mono_us + seconds * 1000000;
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Commands about what is stored; see control.h.  What takes long is done by
 * the store's own threads; here it is looked at now and then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server/control_impl.h"
#include "server/part.h"
#include "server/store.h"
#include "shared/mem.h"
#include "shared/text.h"

static const uint64_t LOOK_US = 50000;   /* how often */
static const uint64_t TELL_US = 1000000; /* how often it is told */

static struct store *store_of(const struct control_call *call)
{
    return hub_world(call->service->hub)->store;
}

static struct log *log_of(const struct control_call *call)
{
    return &hub_world(call->service->hub)->env.log;
}

/* The store has begun; called again as long as it goes on. */
static int wait(struct control_call *call)
{
    call->more = true;
    call->wake_us = call->now.mono_us + LOOK_US;
    return 0;
}

static bool is_to_tell(struct control_call *call)
{
    if (call->now.mono_us < call->tell_us)
        return false;
    call->tell_us = call->now.mono_us + TELL_US;
    return true;
}

static int begin(struct control_call *call, enum chore_kind kind,
                 const char *path)
{
    call->has_chore = store_begin_chore(store_of(call), kind, path);
    call->tell_us = call->now.mono_us + TELL_US;
    if (call->has_chore)
        return wait(call);
    return answer_fail(call->answer, EX_UNAVAILABLE,
                       "the store is being copied or checked already");
}

void control_store_end(struct control_call *call)
{
    if (call->has_chore)
        store_end_chore(store_of(call));
    if (call->part_path)
        part_drop(call->part_path);
    free(call->part_path);
    call->has_chore = false;
    call->part_path = NULL;
}

/* ---- backup ---- */

static const struct column COPIED[] = { { "copied", UNIT_BYTES },
                                        { "of", UNIT_BYTES } };

static char *path_of(const struct control_call *call)
{
    return mem_str(call->args[0]);
}

static int begin_backup(struct control_call *call)
{
    char *path = path_of(call);
    int code;

    if (store_is_damaged(store_of(call))) { /* good copies are to stay */
        code = answer_fail(call->answer, EX_DATAERR,
                           "backup: the store is damaged, and a copy would be "
                           "as well; " STORE_RESCUE);
    } else if (*path != '/') {
        code = answer_fail(call->answer, EX_USAGE,
                           "backup: %s: the path must begin with /", path);
    } else if (!(call->part_path = part_make(path))) {
        code = answer_fail(call->answer, EX_CANTCREAT, "backup: %s: %s", path,
                           strerror(errno));
    } else {
        sheet_begin(&call->sheet, call->answer, COPIED, 2);
        code = begin(call, CHORE_COPY, call->part_path);
    }
    free(path);
    return code;
}

static int finish_backup(struct control_call *call)
{
    char *path = path_of(call);
    int code = 0;

    if (part_finish(call->part_path, path))
        code = answer_fail(call->answer, EX_IOERR, "backup: %s: %s", path,
                           strerror(errno));
    free(call->part_path);
    call->part_path = NULL;
    free(path);
    return code;
}

static void tell_copied(struct control_call *call,
                        const struct store_chore *chore)
{
    sheet_num(&call->sheet, chore->done);
    sheet_num(&call->sheet, chore->total);
    sheet_rows(&call->sheet);
}

int control_backup(struct control_call *call)
{
    struct store_chore chore;

    if (call->part == 0)
        return begin_backup(call);
    chore = store_chore(store_of(call));
    if (chore.state == CHORE_FAILED)
        return answer_fail(call->answer, EX_IOERR, "backup: %s", chore.why);
    if (chore.state == CHORE_DONE || is_to_tell(call))
        tell_copied(call, &chore);
    return chore.state == CHORE_DONE ? finish_backup(call) : wait(call);
}

/* ---- check ---- */

static const struct column CHECKED[] = { { "store", UNIT_NONE },
                                         { "took", UNIT_MS } };

static void tell_checked(struct control_call *call, const char *how)
{
    sheet_str(&call->sheet, str_of(how));
    sheet_num(&call->sheet, (call->now.mono_us - call->began_us) / 1000);
    sheet_rows(&call->sheet);
}

int control_check_store(struct control_call *call)
{
    struct store_chore chore;

    if (call->part == 0) {
        call->began_us = call->now.mono_us;
        sheet_begin(&call->sheet, call->answer, CHECKED, 2);
        return begin(call, CHORE_CHECK, NULL);
    }
    chore = store_chore(store_of(call));
    if (chore.state == CHORE_RUNS) {
        if (is_to_tell(call))
            tell_checked(call, "being read");
        return wait(call);
    }
    tell_checked(call, chore.state == CHORE_DONE ? "good" : "damaged");
    if (chore.state == CHORE_DONE)
        return 0;
    LOG(log_of(call), STORE_DAMAGED, log_str("why", str_of(chore.why)));
    return answer_fail(call->answer, EX_DATAERR, "check: %s; " STORE_RESCUE,
                       chore.why);
}

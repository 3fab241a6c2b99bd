/* SPDX-License-Identifier: MIT
 *
 * One message being answered, and the functions that answer: a row of the
 * table in verbs.c names each.  A function returns 0 when it has answered or
 * given the matter to the store, or the error that is the answer.  One that has
 * to wait sets wait_us and is called again.
 */
#ifndef SERVER_CALL_H
#define SERVER_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "server/permit.h"
#include "shared/error.h"
#include "shared/now.h"
#include "shared/str.h"
#include "shared/wire.h"

struct account;
struct event;
struct member;
struct room;
struct session;
struct store_op;
struct world;

struct call {
    struct world *w;
    struct session *s;
    const struct msg *msg;
    struct now now;
    uint64_t cseq;      /* of an ordered command, else 0 */
    uint64_t wait_us;   /* set when it cannot be said yet: not before */
    struct str subject; /* what an error is about; borrowed */
    uint64_t retry_us;  /* when to try again, mono_us; 0: soon */
    const char *why;    /* for people, better than its text; NULL: that */
};

/* Until what is on its way is looked for again. */
enum { CALL_WAIT_US = 1000 };

/* Give a command, numbered or not, to the store, which must have room. */
void call_put(struct call *, struct store_op *);

/* OK, for a request without cseq. */
void call_ok(struct call *, const char *text);

/* Whether the caller may; muted on the whole server is muted in every room. */
bool call_may(const struct call *, const struct room *, enum act);

/* login.c */
enum err on_hello(struct call *);
enum err on_auth(struct call *);
enum err on_bye(struct call *);

/* enrol.c */
enum err on_devices(struct call *);

/* secret.c: what has to be waited for, as verbs_run */
uint64_t before_auth(struct call *);
uint64_t before_password(struct call *);
enum err on_password(struct call *);

/* sync.c */
enum err on_sync(struct call *);

/* talk.c */
enum err on_send(struct call *);
enum err on_room_set(struct call *);
enum err on_join(struct call *);
enum err on_part(struct call *);
enum err on_nick(struct call *);

/* What changes of messages have in common with saying something. */
struct member *talk_member(const struct call *, uint64_t id);
struct event *talk_event(const struct call *, struct room *, unsigned kind,
                         struct str text, uint64_t ref);

/* Whether an account owns as many rooms as it may, and the error says so. */
bool talk_owns_enough(struct call *, const struct account *);
enum err talk_check_text(struct call *, struct str text);

/* change.c */
enum err on_edit(struct call *);
enum err on_redact(struct call *);
enum err on_react(struct call *);
enum err on_pin(struct call *);

/* moderate.c, penalty.c */
enum err on_room_mode(struct call *);
enum err on_kick(struct call *);
enum err on_sanction(struct call *);
enum err on_lift(struct call *);
enum err on_role(struct call *);
enum err on_invite(struct call *);
enum err on_sanctions(struct call *);

/* query.c */
enum err on_hist(struct call *);
enum err on_versions(struct call *);
enum err on_members(struct call *);
enum err on_room_list(struct call *);

/* reading.c */
enum err on_read(struct call *);

/* seek.c */
enum err on_search(struct call *);

/* mood.c */
enum err on_status(struct call *);
enum err on_typing(struct call *);

#endif

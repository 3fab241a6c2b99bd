/* SPDX-License-Identifier: MIT
 *
 * What the files of the console share: control.c (questions and answers),
 * control_look.c, control_list.c, control_act.c, control_store.c,
 * control_person.c, control_rule.c, control_ban.c, control_bans.c (commands),
 * control_walk.c (going through all there is, a part at a time).  Nobody else
 * includes this.
 */
#ifndef SERVER_CONTROL_IMPL_H
#define SERVER_CONTROL_IMPL_H

#include "server/answer.h"
#include "server/census.h"
#include "server/control.h"
#include "server/hub.h"
#include "server/service.h"
#include "server/sheet.h"
#include "shared/bounds.h"

/* Ids of all there was when it began; who has gone since is passed over. */
struct control_walk {
    uint64_t *ids; /* rising; owned */
    size_t n, at;
};

struct control_call {
    struct service *service;
    const struct asker *asker;
    const struct str *args;
    size_t n;
    struct answer *answer;
    struct now now;

    bool more;        /* call again */
    uint64_t wake_us; /* with more: not before, mono_us; 0: at once */
    unsigned part;    /* from 0 */
    struct sheet sheet;
    struct control_walk walk;
    struct census census;
    bool has_chore;                 /* of the store's */
    uint64_t began_us, tell_us;     /* of it; and when to say how it stands */
    char *part_path;                /* see part.h; owned */
    uint64_t person;                /* export, erase: the account; 0: none */
    uint64_t erased, erased_before; /* events; before this pass */
    uint64_t unnoted; /* the last that was put for that, as store_last_put */
    char after[NAME_MAX_BYTES]; /* rooms: folded name of the last; after_len */
    size_t after_len;
};

/* ---- control_walk.c ---- */

/* Begin with all values of a map whose keys are their ids. */
void control_walk_begin(struct control_walk *, const struct map *);
void control_walk_end(struct control_walk *);

/* The next that is still there; NULL: that was the last. */
void *control_walk_next(struct control_walk *, const struct map *);

/* ---- control_store.c ---- */

/* `check` with an argument. */
control_run control_check_store;

/* Nobody waits for the store any more. */
void control_store_end(struct control_call *);

/* ---- control_person.c ---- */

/* Nobody waits for a person's events any more. */
void control_person_end(struct control_call *);

/* ---- control_act.c ---- */

/* A decimal number, at most max; false: it is none. */
bool control_number(struct str, uint64_t max, uint64_t *out);

/* What a word says about how long. */
enum control_time { TIME_NONE, TIME_GIVEN, TIME_TOO_LONG };

enum { TIME_MAX_DAYS = 36500 }; /* as chat-tui has it */

/* "90", "30s", "10m", "2h" or "3d", and nothing else; *seconds if given. */
enum control_time control_time(struct str, uint64_t *seconds);

/* The arguments from one on as a clean line; owner frees. */
char *control_join(const struct control_call *, size_t from, enum limit max);

/* End a session, as hub_kick; false: it ends already. */
bool control_end_session(const struct control_call *, struct session *,
                         enum err code, struct str reason);

/* ---- control_bans.c ---- */

/* One that was made, as `bans` lists it; room NULL: the whole server. */
void control_show_sanction(struct control_call *, const struct room *,
                           const struct sanction *);

/* ---- control_rule.c ---- */

/* @ before it makes it a nick, whatever it looks like. */
struct str control_nick(struct str word);

/* Somebody by nick; 0, or an exit code with a sentence: nobody has it. */
int control_account(struct control_call *, const char *command, struct str nick,
                    struct account **);

/* A room by name; 0, or the same: there is none. */
int control_room(struct control_call *, const char *command, struct str name,
                 struct room **);

/* admin, user or, who proves nothing, guest. */
const char *control_rank_word(const struct account *);

/* Whether the store takes so much now: 0, or the same. */
int control_may_put(struct control_call *, const char *command, size_t ops);

/* ---- commands ---- */

#define CONTROL(name, run, args, min, max, doc) control_run run;
#include "server/controls.def"

#endif

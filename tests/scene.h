/* SPDX-License-Identifier: MIT
 *
 * Messages from a server that is not there, for tests of the model and of what
 * is drawn from it.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <stdint.h>

#include "shared/now.h"
#include "shared/wire.h"
#include "tui/model.h"

enum { SCENE_ME = 1, SCENE_ANA = 2, SCENE_LI = 3, SCENE_ROOM = 7 };

/* 2026-08-24 09:58:00 UTC, a Monday. */
#define SCENE_START 1787565480000u

/* That many seconds after the start. */
static inline struct now scene_at(unsigned s)
{
    return (struct now){ .mono_us = 1000000u + (uint64_t)s * 1000000u,
                         .wall_ms = SCENE_START + (uint64_t)s * 1000u };
}

static inline void scene_sync(struct model *m, uint64_t id, unsigned kind,
                              const char *name, uint64_t head)
{
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    msg.sync_room = (struct msg_sync_room){ .room = id,
                                            .kind = kind,
                                            .name = str_of(name),
                                            .head = head,
                                            .first = head > 0,
                                            .from = head > 0,
                                            .topic = str_of("a topic") };
    model_apply(m, &msg, scene_at(0));
}

static inline struct msg_event scene_event(uint64_t seq, unsigned kind,
                                           uint64_t who, const char *nick,
                                           const char *text)
{
    return (struct msg_event){ .room = SCENE_ROOM,
                               .seq = seq,
                               .ts = SCENE_START + seq * 1000u,
                               .kind = kind,
                               .account = who,
                               .nick = str_of(nick),
                               .text = str_of(text),
                               .device = 100 + who,
                               .cseq = seq };
}

/* A line typed on device 101, the one of scene_model. */
static inline struct line *scene_queue(struct history *h, uint64_t cseq,
                                       struct str text)
{
    struct msg_event ev = { .kind = event_MESSAGE,
                            .nick = str_of("me"),
                            .text = text,
                            .device = 101,
                            .cseq = cseq,
                            .ts = SCENE_START + 60000 };

    return history_queue(h, &ev);
}

static inline void scene_apply(struct model *m, struct msg_event ev)
{
    struct msg msg = { .kind = KIND_EVENT };

    msg.event = ev;
    model_apply(m, &msg, scene_at((unsigned)ev.seq));
}

static inline void scene_say(struct model *m, uint64_t seq, uint64_t who,
                             const char *nick, const char *text)
{
    scene_apply(m, scene_event(seq, event_MESSAGE, who, nick, text));
}

static inline void scene_member(struct model *m, uint64_t who, const char *nick,
                                unsigned state)
{
    struct msg msg = { .kind = KIND_MEMBER };

    msg.member = (struct msg_member){ .room = SCENE_ROOM,
                                      .account = who,
                                      .nick = str_of(nick),
                                      .state = state,
                                      .rtt_ms = 20,
                                      .since = SCENE_START };
    model_apply(m, &msg, scene_at(0));
}

static inline void scene_presence(struct model *m, struct rec_presence row,
                                  struct now now)
{
    uint8_t bytes[64];
    struct msg msg = { .kind = KIND_PRESENCE };

    msg.presence.rows =
        str_bytes(bytes, rec_pack(RECORD_presence, &row, bytes));
    model_apply(m, &msg, now);
}

/* Account 1, nick "me", online, in "#room" with `head` events to come. */
static inline struct model *scene_model(uint64_t head)
{
    struct model *m = model_new();

    free(m->nick);
    m->nick = strdup("me");
    m->account = SCENE_ME;
    m->device = 101;
    m->link = LINK_GREETING;
    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", head);
    m->link = LINK_ONLINE;
    return m;
}

#endif

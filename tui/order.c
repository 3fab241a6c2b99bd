/* SPDX-License-Identifier: MIT
 *
 * Keeping order in a room: the command waits in the outbox like a line, as the
 * kind of its message and a text of its fields; what comes of it is an event.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/text.h"
#include "tui/about.h"
#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/presence.h"

enum { AGE_BYTES = 24, VERSION_BYTES = 1800 };

enum { REASON_BYTES = 390, ORDER_BYTES = NAME_MAX_BYTES + REASON_BYTES + 64 };

static void queue(struct client *c, const struct order *order, const char *text,
                  struct now now)
{
    struct about about = { order->room, 0 };

    request_queue(c, ENTRY_ORDER, order->kind, &about, str_of(text), now);
}

void client_order(struct client *c, const struct order *order, struct now now)
{
    char text[ORDER_BYTES];

    if (order->kind == KIND_ROOM_MODE)
        snprintf(text, sizeof text, "%u %" PRIu64 " %.*s", order->set,
                 order->num, STR_ARG(text_cut(order->text, NAME_MAX_BYTES)));
    else
        snprintf(text, sizeof text, "%.*s %" PRIu64 " %u %.*s",
                 STR_ARG(text_cut(order->nick, NAME_MAX_BYTES)), order->num,
                 order->set, STR_ARG(text_cut(order->text, REASON_BYTES)));
    queue(c, order, text, now);
}

static uint64_t next_num(struct str *rest)
{
    struct str word = text_cut(str_word(rest), 20);
    char digits[24];

    snprintf(digits, sizeof digits, "%.*s", STR_ARG(word));
    return strtoull(digits, NULL, 10);
}

static void fill_mode(struct msg *msg, struct str rest)
{
    struct msg_room_mode *mode = &msg->room_mode;
    uint64_t num;

    mode->set = next_num(&rest);
    num = next_num(&rest);
    mode->access = mode->set & mode_ACCESS ? num : 0;
    mode->locked = mode->set & mode_LOCKED ? num : 0;
    mode->slow_s = mode->set & mode_SLOW ? num : 0;
    mode->most = mode->set & mode_MOST ? num : 0;
    mode->key = rest;
}

void order_fill(const struct entry *entry, uint64_t room, struct msg *msg)
{
    struct str rest = str_of(entry->text), nick;
    uint64_t num, set, cseq = entry->cseq;

    msg->kind = (enum kind)entry->event;
    if (msg->kind == KIND_ROOM_MODE) {
        msg->room_mode = (struct msg_room_mode){ .room = room, .cseq = cseq };
        fill_mode(msg, rest);
        return;
    }
    nick = str_word(&rest);
    num = next_num(&rest);
    set = next_num(&rest);
    switch (entry->event) {
    case KIND_SANCTION:
        msg->sanction =
            (struct msg_sanction){ room, cseq, nick, set, num, rest };
        break;
    case KIND_LIFT:
        msg->lift = (struct msg_lift){ room, cseq, nick, set, rest };
        break;
    case KIND_ROLE:
        msg->role = (struct msg_role){ room, cseq, nick, set };
        break;
    case KIND_INVITE:
        msg->invite = (struct msg_invite){ room, cseq, nick };
        break;
    default: /* whatever the file says: it is refused, and that is all */
        msg->kind = KIND_KICK;
        msg->kick = (struct msg_kick){ room, cseq, nick, rest };
        break;
    }
}

/* ---- who is kept out ---- */

void client_sanctions(struct client *c, struct str room, struct now now)
{
    struct msg msg = { .kind = KIND_SANCTIONS, .request = client_request(c) };
    const struct room *known = model_room_named(c->model, room);

    msg.sanctions.room = known && known->joined ? known->id : 0;
    if (msg.sanctions.room && c->main.phase == CONN_READY)
        conn_say(c, &c->main, &msg, now);
}

static const char *kind_text(uint64_t kind)
{
    switch (kind) {
    case sanction_KEY: return _("banned by key");
    case sanction_ADDRESS: return _("banned by address");
    case sanction_MUTE: return _("muted");
    default: return _("banned");
    }
}

void order_sanctioned(struct client *c, const struct msg_sanctioned *one,
                      struct now now)
{
    struct room *room = model_room(c->model, one->room);
    uint64_t wall_ms = model_wall(c->model, now);
    char age[64] = "";

    if (one->nick.len == 0) {
        model_notice(c->model, room, now, _("that is all who are kept out"));
        return;
    }
    if (one->until > wall_ms)
        snprintf(age, sizeof age, _(" for %u min"),
                 (unsigned)((one->until - wall_ms) / 60000) + 1);
    model_notice(c->model, room, now, _("%.*s: %s%s, by %.*s (%.*s)"),
                 STR_ARG(one->nick), kind_text(one->kind), age,
                 STR_ARG(one->by), STR_ARG(one->text));
}

/* ---- what was changed ---- */

void client_versions(struct client *c, const struct about *about,
                     struct now now)
{
    struct msg msg = { .kind = KIND_VERSIONS, .request = client_request(c) };
    const struct room *known = model_room_named(c->model, about->room);

    msg.versions.room = known && known->joined ? known->id : 0;
    msg.versions.ref = about->ref;
    if (msg.versions.room && c->main.phase == CONN_READY)
        conn_say(c, &c->main, &msg, now);
}

void order_version(struct client *c, const struct msg_version *version,
                   struct now now)
{
    struct room *room = model_room(c->model, version->room);
    uint64_t wall_ms = model_wall(c->model, now);
    char age[AGE_BYTES];

    if (version->seq == 0) {
        model_notice(c->model, room, now, "%s",
                     version->more ? _("what it was before is too much to show")
                                   : _("that is all it was"));
        return;
    }
    presence_age(wall_ms > version->ts ? (wall_ms - version->ts) / 1000 : 0,
                 age, sizeof age);
    model_notice(c->model, room, now, _("until %s ago: %.*s"), age,
                 STR_ARG(text_cut(version->text, VERSION_BYTES)));
}

void order_invited(struct client *c, const struct msg_invited *invited,
                   struct now now)
{
    model_notice(c->model, NULL, now,
                 _("%.*s invites you to %.*s: /join %.*s enters it"),
                 STR_ARG(invited->nick), STR_ARG(invited->name),
                 STR_ARG(invited->name));
}

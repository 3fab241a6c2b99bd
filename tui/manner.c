/* SPDX-License-Identifier: MIT */
#include "tui/manner.h"

#include <stdarg.h>
#include <stdio.h>

#include "shared/wire.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/presence.h"

enum { AGE_BYTES = 24 };

const char *manner_word(const struct station *station)
{
    switch (station_mark(station)) {
    case '&': return _("owner");
    case '@': return _("moderator");
    case '!': return _("muted");
    default: return "";
    }
}

/* ---- how the room is ---- */

/* Words behind one another. */
struct list {
    char *out;
    size_t cap, len;
};

__attribute__((format(printf, 3, 4))) static void add(struct list *list,
                                                      const char *between,
                                                      const char *format, ...)
{
    va_list args;
    int n;

    if (list->len)
        list->len += (size_t)snprintf(list->out + list->len,
                                      list->cap - list->len, "%s", between);
    if (list->len >= list->cap)
        list->len = list->cap - 1;
    va_start(args, format);
    n = vsnprintf(list->out + list->len, list->cap - list->len, format, args);
    va_end(args);
    list->len += n > 0 ? (size_t)n : 0;
    if (list->len >= list->cap)
        list->len = list->cap - 1;
}

void manner_short(const struct manner *manner, char *out, size_t cap)
{
    struct list list = { out, cap, 0 };

    *out = '\0';
    if (manner->access == access_INVITE)
        add(&list, ", ", "%s", _("invite-only"));
    if (manner->access == access_SECRET)
        add(&list, ", ", "%s", _("secret"));
    if (manner->keyed)
        add(&list, ", ", "%s", _("key"));
    if (manner->slow_s)
        add(&list, ", ", _("slow %llus"), (unsigned long long)manner->slow_s);
    if (manner->locked)
        add(&list, ", ", "%s", _("topic locked"));
    if (manner->most)
        add(&list, ", ", _("max %llu"), (unsigned long long)manner->most);
}

static const char *access_text(unsigned access)
{
    switch (access) {
    case access_INVITE: return _("only who was invited may enter");
    case access_SECRET:
        return _("only who was invited may enter, and nobody else gets to "
                 "know of it");
    default: return _("anybody may enter");
    }
}

static const char *role_text(const struct station *station)
{
    switch (station->role) {
    case role_OWNER: return _("you are an owner here");
    case role_MODERATOR: return _("you are a moderator here");
    default: return _("you are a member here");
    }
}

void manner_long(const struct room *room, struct now now, char *out, size_t cap)
{
    const struct manner *manner = &room->manner;
    struct list list = { out, cap, 0 };
    char mute[128];

    *out = '\0';
    if (room->kind == room_DIRECT) {
        add(&list, "", "%s", _("this is for the two of you"));
        return;
    }
    add(&list, "", "%s", access_text(manner->access));
    if (manner->keyed)
        add(&list, "; ", "%s", _("who enters has to say a word"));
    if (manner->most)
        add(&list, "; ", _("at most %llu may be in it"),
            (unsigned long long)manner->most);
    add(&list, "; ", "%s",
        manner->locked ? _("moderators set the topic")
                       : _("everybody sets the topic"));
    if (manner->slow_s)
        add(&list, "; ", _("%llu s between two lines of somebody"),
            (unsigned long long)manner->slow_s);
    add(&list, "\n", "%s", role_text(&room->station));
    if (!station_is_mute(&room->station))
        return;
    manner_mute(room, now, mute, sizeof mute);
    add(&list, "; ", "%s", mute);
}

void manner_mute(const struct room *room, struct now now, char *out, size_t cap)
{
    uint64_t until = room->station.muted_us;
    char age[AGE_BYTES];

    if (until == NEVER || until <= now.mono_us) {
        snprintf(out, cap, "%s", _("you may only listen here"));
        return;
    }
    presence_age((until - now.mono_us) / 1000000 + 1, age, sizeof age);
    snprintf(out, cap, _("you may only listen here for another %s"), age);
}

/* SPDX-License-Identifier: MIT
 *
 * Datagrams to sessions; see endpoint.h.
 */
#include "server/endpoint.h"

#include <stdlib.h>

#include "server/address.h"
#include "server/admit.h"
#include "server/hub.h"
#include "server/map.h"
#include "server/session.h"
#include "shared/mem.h"

/* RFC 6347, 4.1 to 4.3.2 */
enum {
    HANDSHAKE = 22,
    CLIENT_HELLO = 1,
    TYPE_AT = 13,                         /* behind the head of the record */
    SESSION_ID_AT = TYPE_AT + 12 + 2 + 32 /* head, version, random */
};

struct endpoint {
    struct endpoint_config config;
    struct hub *hub;
    struct map ids;    /* sessions by each id they have */
    struct map places; /* sessions whose client may not know its id yet */
};

struct endpoint *endpoint_new(const struct endpoint_config *config)
{
    struct endpoint *ep = mem_new(1, sizeof *ep);

    ep->config = *config;
    ep->hub = config->hub;
    map_init(&ep->ids, config->secret);
    map_init(&ep->places, config->secret);
    return ep;
}

void endpoint_free(struct endpoint *ep)
{
    if (!ep)
        return;
    map_fini(&ep->ids);
    map_fini(&ep->places);
    free(ep);
}

/* ---- ids ---- */

/* An id that nobody has or can guess. */
static uint64_t new_id(struct endpoint *ep)
{
    const struct world_config *world = &hub_world(ep->hub)->config;
    uint64_t id;

    do
        world->random(world->random_ctx, (uint8_t *)&id, sizeof id);
    while (map_get(&ep->ids, map_num(&id)));
    return id;
}

static void forget_place(struct endpoint *ep, struct session *s)
{
    struct str place = str_bytes(s->place, s->place_len);

    if (s->place_len && map_get(&ep->places, place) == s)
        map_take(&ep->places, place);
    s->place_len = 0;
}

static void know_place(struct endpoint *ep, struct session *s, struct str place)
{
    struct session *old = map_get(&ep->places, place);

    if (old)
        forget_place(ep, old); /* it is still found by its id */
    s->place_len = place.len < PLACE_MAX ? place.len : PLACE_MAX;
    memcpy(s->place, place.ptr, s->place_len);
    map_put(&ep->places, str_bytes(s->place, s->place_len), s);
}

void endpoint_forget(struct endpoint *ep, struct session *s)
{
    forget_place(ep, s);
    map_take(&ep->ids, map_num(&s->ids[0]));
    if (s->ids[1])
        map_take(&ep->ids, map_num(&s->ids[1]));
}

/* Its client uses this one of its ids: an older one is not needed any more. */
static void note_use(struct endpoint *ep, struct session *s, uint64_t id)
{
    forget_place(ep, s);
    if (!s->ids[1] || s->ids[1] != id)
        return;
    map_take(&ep->ids, map_num(&s->ids[0]));
    map_take(&ep->ids, map_num(&s->ids[1]));
    s->ids[0] = id;
    s->ids[1] = 0;
    map_put(&ep->ids, map_num(&s->ids[0]), s);
}

/* ---- beginnings ---- */

static struct session *begin(struct endpoint *ep, const struct address *from,
                             struct secure *secure, uint64_t id, struct now now)
{
    struct place place = address_place(from);
    struct hub_peer peer = {
        .transport = TRANSPORT_UDP,
        .id = id,
        .gate = address_gate(from),
        .place = str_bytes(place.bytes, place.len),
        .secure = secure,
        .clear = !secure,
    };
    char text[ADDRESS_TEXT];
    enum err why;
    struct session *s;

    address_text(from, text);
    peer.name = str_of(text);
    s = hub_open(ep->hub, &peer, &why, now);
    if (!s)
        return NULL; /* no answer: it may not have been from there */
    s->ids[0] = id;
    map_put(&ep->ids, map_num(&s->ids[0]), s);
    if (secure)
        know_place(ep, s, peer.place);
    return s;
}

static void feed(struct endpoint *ep, struct session *s, struct str datagram,
                 const struct address *from, struct now now)
{
    struct place place = address_place(from);

    hub_feed_from(ep->hub, s, datagram, str_bytes(place.bytes, place.len), now);
}

/* A hello whose cookie is good, and whose turn it is. */
static struct session *take_hello(struct endpoint *ep, struct str datagram,
                                  const struct address *from, struct now now)
{
    struct secure *secure = secure_accept(ep->config.secure, now);
    struct session *s = begin(ep, from, secure, new_id(ep), now);

    if (s)
        feed(ep, s, datagram, from, now);
    return s;
}

static enum hello judge_hello(struct endpoint *ep, struct arrival *a,
                              struct now now)
{
    struct place place = address_place(a->from);

    return secure_hello(ep->config.secure, a->datagram,
                        str_bytes(place.bytes, place.len), a->reply, &a->len,
                        now);
}

static void defer(struct endpoint *ep, struct str datagram,
                  const struct address *from, struct now now)
{
    struct place place = address_place(from);
    struct opening opening = { .from = str_bytes(place.bytes, place.len),
                               .gate = address_gate(from),
                               .datagram = datagram };

    admit_defer(hub_admission(ep->hub), &opening, now);
}

/* Whether a hello claims to have been here before; 4.2.1. */
static bool has_cookie(struct str datagram)
{
    size_t at = SESSION_ID_AT;

    if (datagram.len > at)
        at += 1 + (uint8_t)datagram.ptr[at];
    return datagram.len > at && datagram.ptr[at] != 0;
}

static void on_hello(struct endpoint *ep, struct arrival *a, struct now now)
{
    struct admit *admit = hub_admission(ep->hub);
    struct metrics *count = &hub_world(ep->hub)->env.metrics;
    struct str gate = address_gate(a->from);

    if (!admit_hello(admit, has_cookie(a->datagram), gate, now))
        return;
    switch (judge_hello(ep, a, now)) {
    case HELLO_BAD: return;
    case HELLO_COOKIE: count->cookies++; return;
    case HELLO_GOOD: break;
    }
    a->len = 0;
    switch (admit_begin(admit, TRANSPORT_UDP, gate, now)) {
    case ADMIT_NOW: a->fresh = take_hello(ep, a->datagram, a->from, now); break;
    case ADMIT_LATER: defer(ep, a->datagram, a->from, now); break;
    case ADMIT_NOT: break;
    }
}

struct session *endpoint_next(struct endpoint *ep, struct now now)
{
    struct admit *admit = hub_admission(ep->hub);
    struct opening opening;

    while (ep->config.secure && admit_next(admit, &opening, now)) {
        struct address from = address_at(opening.from);
        uint8_t reply[DATAGRAM_MAX];
        struct arrival a = { .datagram = opening.datagram,
                             .from = &from,
                             .reply = reply };
        struct session *s = NULL;

        if (judge_hello(ep, &a, now) == HELLO_GOOD)
            s = take_hello(ep, opening.datagram, &from, now);
        else
            admit_end(admit, TRANSPORT_UDP, opening.gate);
        if (s)
            return s;
    }
    return NULL;
}

uint64_t endpoint_deadline(struct endpoint *ep, struct now now)
{
    return admit_deadline(hub_admission(ep->hub), now);
}

/* ---- datagrams ---- */

static bool is_hello(struct str datagram)
{
    return datagram.len > TYPE_AT && datagram.ptr[0] == HANDSHAKE &&
           datagram.ptr[3] == 0 && datagram.ptr[4] == 0 &&
           datagram.ptr[TYPE_AT] == CLIENT_HELLO;
}

static void say_move(struct session *s, struct str old, struct str place)
{
    struct address before = address_at(old), after = address_at(place);
    char from[ADDRESS_TEXT], to[ADDRESS_TEXT];

    s->env->metrics.moves++;
    address_text(&before, from);
    address_text(&after, to);
    LOG(&s->env->log, SESSION_MOVE, log_num("session", s->id),
        log_str("from", str_of(from)), log_str("to", str_of(to)));
}

/*
 * It has moved.  In another network it gets another id as well, so that nobody
 * between can tell that it is the same client (RFC 9000, section 9.5).
 */
static void note_move(struct endpoint *ep, struct session *s,
                      const struct place *before)
{
    struct str place = link_place(s->link);
    struct str old = str_bytes(before->bytes, before->len);

    if (s->state == SESSION_DEAD || str_eq(place, old))
        return;
    say_move(s, old, place);
    if (place_same_network(place, old) || s->ids[1])
        return;
    s->ids[1] = new_id(ep);
    map_put(&ep->ids, map_num(&s->ids[1]), s);
    link_rename(s->link, s->ids[1]);
}

static void on_id(struct endpoint *ep, const struct arrival *a, uint64_t id,
                  struct now now)
{
    struct session *s = map_get(&ep->ids, map_num(&id));
    struct place before;

    if (!s || !s->edge || !link_is_secure(s->link))
        return;
    before = place_of(link_place(s->link));
    feed(ep, s, a->datagram, a->from, now);
    note_move(ep, s, &before);
    note_use(ep, s, id);
}

static void on_clear(struct endpoint *ep, struct arrival *a, uint64_t id,
                     struct now now)
{
    struct session *s = map_get(&ep->ids, map_num(&id));
    struct place place = address_place(a->from);

    if (!s && clear_is_good(ep->config.clear, address_is_loopback(a->from)) &&
        link_datagram_opens(a->datagram))
        s = a->fresh = begin(ep, a->from, NULL, id, now);
    if (s && (s->edge || s == a->fresh) && !link_is_secure(s->link) &&
        str_eq(link_place(s->link), str_bytes(place.bytes, place.len)))
        feed(ep, s, a->datagram, a->from, now);
}

/* Records without an id: from who does not know it yet, or a stranger. */
static void on_record(struct endpoint *ep, struct arrival *a, struct now now)
{
    struct place place = address_place(a->from);
    struct session *s = map_get(&ep->places, str_bytes(place.bytes, place.len));
    bool hello = is_hello(a->datagram);

    if (s && s->edge && !(hello && link_is_open(s->link)))
        feed(ep, s, a->datagram, a->from, now);
    else if (hello)
        on_hello(ep, a, now);
}

void endpoint_input(struct endpoint *ep, struct arrival *a, struct now now)
{
    uint64_t id;

    a->fresh = NULL;
    a->len = 0;
    if (link_datagram_id(a->datagram, &id)) {
        if ((uint8_t)a->datagram.ptr[0] == DATAGRAM_SEALED)
            on_id(ep, a, id, now);
        else
            on_clear(ep, a, id, now);
    } else if (ep->config.secure) {
        on_record(ep, a, now);
    }
}

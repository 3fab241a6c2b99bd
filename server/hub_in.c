/* SPDX-License-Identifier: MIT
 *
 * Bytes in: to the link, its frames to their handlers, and what has changed
 * with it; see hub.h.
 */
#include "server/hub_impl.h"
#include "server/presence.h"
#include "server/pull.h"
#include "server/world.h"
#include "shared/dgram.h"

void hub_look_after(struct hub *hub, struct session *s, struct now now)
{
    bool udp = link_transport(s->link) == TRANSPORT_UDP;

    if (s->state == SESSION_DEAD)
        return;
    if (link_closed(s->link)) {
        hub_die(hub, s, reason_CLOSED, now);
        return;
    }
    if (s->account)
        presence_update(hub->w, s->account, now);
    if (udp || link_queued(s->link))
        session_wake(s);
    hub_arm(s, now);
}

/* The handshake is over: who is it? */
static void opened(struct hub *hub, struct session *s)
{
    struct secure_peer peer;

    if (!s->shaking || !link_is_open(s->link))
        return;
    hub_shaken(hub, s);
    if (!link_peer_secure(s->link, &peer))
        return;
    hub->w->env.metrics.handshakes++;
    hub->w->env.metrics.tickets += peer.resumed;
    LOG(&hub->w->env.log, SESSION_SECURE, log_num("session", s->id),
        log_str("version", str_of(peer.version)),
        log_str("suite", str_of(peer.suite)), log_num("resumed", peer.resumed));
}

/* Clear text where it is not good enough: say so, in clear text. */
static bool is_exposed(struct hub *hub, struct session *s, struct now now)
{
    struct farewell farewell = { .code = ERROR_SECURITY,
                                 .reason = reason_CLOSED };

    if (s->clear || link_is_secure(s->link))
        return false;
    login_close(hub->w, s, &farewell, now);
    return true;
}

void hub_broken(struct hub *hub, struct session *s, int err, struct now now)
{
    if (err != -ERROR_SECURITY && err != -ERROR_LIMIT)
        s->env->metrics.bad_frames++;
    else if (s->shaking)
        s->env->metrics.insecure++;
    LOG(&hub->w->env.log, SESSION_BROKEN, log_num("session", s->id),
        log_str("code", str_of(err_name((unsigned)-err))),
        log_str("why", str_of(link_error(s->link))));
    hub_die(hub, s, reason_CLOSED, now);
}

/* What the link made of bytes that came. */
static void take(struct hub *hub, struct session *s, int err, size_t bytes,
                 struct now now)
{
    bool greeted = s->state >= SESSION_READY;

    if (!err && s->state < SESSION_CLOSING && !is_exposed(hub, s, now)) {
        pull_charge(s, bytes, now);
        if (!s->held_until_us)
            pull_frames(hub->w, s, now);
    }
    if (!greeted && s->state == SESSION_READY)
        hub_supersede(hub, s, now);
    if (!err && link_is_over(s->link))
        err = -ERROR_SECURITY;
    if (err && s->state != SESSION_DEAD) {
        hub_broken(hub, s, err, now);
        return;
    }
    opened(hub, s);
    hub_drained(s, now);
    hub_look_after(hub, s, now);
}

void hub_feed(struct hub *hub, struct session *s, struct str bytes,
              struct now now)
{
    hub->w->env.metrics.bytes_in += bytes.len;
    if (s->state >= SESSION_CLOSING)
        return; /* a closing stream is read only to be seen ending */
    take(hub, s, link_feed(s->link, bytes, now), bytes.len, now);
}

/* A silent client is back; if it cannot go on, it is told to begin anew. */
static void wake(struct hub *hub, struct session *s, struct now now)
{
    struct farewell farewell = { .code = ERROR_RESUME_INVALID,
                                 .reason = reason_NONE };

    hub_get_up(hub, s);
    if (!doze_end(hub->w, s, now))
        login_close(hub->w, s, &farewell, now);
}

/* Packets that the link has taken: what anybody can send is not among them. */
static uint64_t packets_of(const struct session *s)
{
    struct dgram_stats stats;

    return link_dgram_stats(s->link, &stats) ? stats.received : 0;
}

void hub_feed_from(struct hub *hub, struct session *s, struct str datagram,
                   struct str place, struct now now)
{
    uint64_t before = packets_of(s);
    bool real;
    int err;

    hub->w->env.metrics.bytes_in += datagram.len;
    if (s->state == SESSION_DEAD)
        return;
    err = link_feed_from(s->link, datagram, place, now);
    real = packets_of(s) != before;
    if (real && !err && s->state == SESSION_DORMANT && !link_closed(s->link))
        wake(hub, s, now);
    take(hub, s, err, real ? datagram.len : 0, now);
}

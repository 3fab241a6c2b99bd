/* SPDX-License-Identifier: MIT
 *
 * The datagram machine: where the peer is, and what the two ends call their
 * connection; see dgram.h.  What is judged from it is path.c's business.
 */
#include "shared/dgram_impl.h"

void dgram_move(struct dgram *d, bool network, struct now now)
{
    d->proven = false;
    d->path.checked = true;
    d->path.bytes_in = d->stats.bytes_in;
    d->path.bytes_out = d->stats.bytes_out;
    if (!network)
        return;
    d->rtt = (struct rtt){ 0 };
    window_init(&d->window, now.mono_us);
    copies_fini(&d->copies);
    copies_init(&d->copies, now.mono_us);
}

void dgram_challenge(struct dgram *d, uint64_t token)
{
    d->path.challenge = token;
    d->path.challenge_due = d->unpolled = true;
}

bool dgram_response(struct dgram *d, uint64_t *token)
{
    bool answered = d->path.answered;

    *token = d->path.answer;
    d->path.answered = false;
    return answered;
}

void dgram_prove(struct dgram *d)
{
    d->proven = d->unpolled = true;
    d->path.checked = false;
    d->path.challenge_due = false;
}

void dgram_tell_id(struct dgram *d, uint64_t id)
{
    d->path.id = id;
    d->path.generation++;
    d->path.id_due = d->unpolled = true;
}

bool dgram_told_id(const struct dgram *d, uint64_t *id)
{
    *id = d->path.peer_id;
    return d->path.has_peer_id;
}

void dgram_path_take(struct dgram *d, const struct part *part)
{
    struct dgram_path *path = &d->path;

    if (part->type == PART_PATH_CHALLENGE) {
        path->response = part->token;
        path->response_due = d->unpolled = true;
    } else if (part->type == PART_PATH_RESPONSE) {
        path->answer = part->token;
        path->answered = true;
    } else if (!path->has_peer_id ||
               part->cid.generation > path->peer_generation) {
        path->has_peer_id = true;
        path->peer_id = part->cid.id;
        path->peer_generation = part->cid.generation;
    }
}

void dgram_path_acked(struct dgram *d, uint32_t pn)
{
    if (d->path.id_waits && d->path.id_pn == pn)
        d->path.id_waits = false;
}

void dgram_path_lost(struct dgram *d, uint32_t pn)
{
    if (d->path.id_waits && d->path.id_pn == pn)
        d->path.id_due = true;
}

bool dgram_path_due(const struct dgram *d)
{
    return d->path.challenge_due || d->path.response_due || d->path.id_due;
}

bool dgram_path_put(struct dgram *d, struct packet *packet)
{
    struct dgram_path *path = &d->path;
    struct part response = { .type = PART_PATH_RESPONSE,
                             .token = path->response };
    struct part challenge = { .type = PART_PATH_CHALLENGE,
                              .token = path->challenge };
    struct part cid = { .type = PART_NEW_CID,
                        .cid = { path->generation, path->id } };
    bool elicits = false;

    if (path->response_due && packet_put(packet, &response))
        path->response_due = false;
    if (path->challenge_due && packet_put(packet, &challenge)) {
        path->challenge_due = false;
        elicits = true;
    }
    if (path->id_due && packet_put(packet, &cid)) {
        path->id_due = false;
        path->id_waits = true;
        path->id_pn = d->flight.next;
        elicits = true;
    }
    return elicits;
}

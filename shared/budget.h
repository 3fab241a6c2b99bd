/* SPDX-License-Identifier: MIT
 *
 * What redundancy may cost, and its brakes.  Real loss is often a full queue,
 * where sending more makes it worse.
 *
 * The round trip: the budget begins small and doubles each second in which it
 * was used and the round trip stayed flat.  When that does not, there is a
 * queue: the budget is all but gone, comes back quickly to half of what was too
 * much, slowly beyond.  What nobody uses is taken back: nobody knows whether it
 * fits.
 *
 * Others: with what else goes out it keeps to what TCP might send in its place.
 *
 * Loss without a queue, as of a policer: when every third packet is lost, it
 * does without for a moment, and if the loss goes with the copies, they were
 * to blame.
 */
#ifndef SHARED_BUDGET_H
#define SHARED_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BUDGET_SAMPLES = 8, /* all of them high: jitter alone does not do it */
    BUDGET_OUTSIDE = 65 /* bytes of a packet's envelope: IP, UDP, DTLS */
};

struct budget {
    uint32_t rate;       /* bytes a second */
    uint32_t tokens;     /* of it, unspent bytes */
    uint32_t spent;      /* bytes since looked_us */
    uint32_t ceiling;    /* grow slowly from here on */
    uint64_t filled_us;  /* when tokens were brought up to date */
    uint64_t looked_us;  /* when it was looked how much is used */
    uint64_t used_us;    /* when that was not little */
    uint64_t changed_us; /* when the rate was */

    uint32_t above[BUDGET_SAMPLES]; /* the least round trip, us, a ring */
    unsigned samples;               /* since the rate was cut last */
    uint32_t jitter;    /* smoothed, from one sample to the next, us */
    uint32_t least[2];  /* of this minute, of the last, us; 0: none */
    uint64_t minute_us; /* when this minute began */

    uint32_t mean;    /* smoothed round trip, us */
    uint32_t loss;    /* smoothed, of packets after one that came, millionths */
    uint32_t lost_pn; /* the last one lost */
    uint32_t fair;    /* what TCP might send, bytes a second */
    uint32_t fair_left; /* of it, unsent bytes */

    uint64_t trial_us;               /* when it began; 0: there is none */
    uint64_t no_trial_us;            /* none before that */
    uint32_t trial_rate, trial_loss; /* what they were */
    uint32_t trial_n, trial_lost;    /* packets meanwhile */
    bool blamed;                     /* the last one found the copies guilty */
};

void budget_init(struct budget *, uint64_t now_us);

/* What may go now, bytes. */
uint32_t budget_left(struct budget *, uint64_t now_us);

/* The most that may ever go at once, bytes. */
uint32_t budget_depth(const struct budget *);

void budget_spend(struct budget *, uint32_t bytes);

/* What is no redundancy went out: so much less for that. */
void budget_pass(struct budget *, uint32_t bytes, uint64_t now_us);

/* A round trip: grow or brake. */
void budget_sample(struct budget *, uint32_t us, uint64_t now_us);

/* A packet came or was lost. */
void budget_fate(struct budget *, uint32_t pn, bool lost);

/* Whether a round trip shows a queue that stands on the path. */
bool budget_jammed(const struct budget *, uint32_t us);

#endif

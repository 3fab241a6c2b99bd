/* SPDX-License-Identifier: MIT
 *
 * The budget of redundancy; see budget.h.
 */
#include "shared/budget.h"

#include "shared/now.h"

enum {
    SECOND = 1000000,
    MINUTE = 60 * SECOND,
    MILLION = 1000000,

    RATE_FIRST = 1500, /* bytes a second */
    RATE_LEAST = 500,
    RATE_MOST = 24000,
    DEPTH_MOST = 12000,   /* bytes at once */
    SLOWLY = 10 * SECOND, /* from step to step above the ceiling */
    UNUSED = 8 * SECOND,  /* then it is halved */

    GROW_SAMPLES = 4,    /* one of so many low: no queue */
    SLACK_US = 15000,    /* above the least round trip that is still flat */
    JITTER_MOST = 50000, /* us; what is more is no jitter */

    FAIR = 1000, /* bytes a second with round trips of 1 s, all lost */
    FAIR_MOST = 1000000,
    FAIR_BURST = 1500, /* bytes */

    TRIAL = 3 * SECOND / 2,
    TRIAL_PACKETS = 24, /* to judge by */
    TRIAL_RATE = 4000,  /* less does no harm */
    ODD_LOSS = 350000,  /* millionths */
    ODD_AGAIN = 80000   /* where copies were to blame once */
};

void budget_init(struct budget *budget, uint64_t now_us)
{
    *budget = (struct budget){
        .rate = RATE_FIRST,
        .fair = FAIR_MOST,
        .fair_left = FAIR_MOST,
        .ceiling = RATE_MOST,
        .tokens = RATE_FIRST,
        .filled_us = now_us,
        .changed_us = now_us,
        .looked_us = now_us,
        .used_us = now_us,
        .minute_us = now_us,
    };
}

uint32_t budget_depth(const struct budget *budget)
{
    return (uint32_t)time_min(budget->rate + budget->rate / 2, DEPTH_MOST);
}

static void fill(struct budget *budget, uint64_t now_us)
{
    uint64_t us = time_min(now_us - budget->filled_us, MINUTE);
    uint64_t tokens = us * budget->rate / SECOND;
    uint64_t fair = us * budget->fair / SECOND;

    if (tokens == 0)
        return; /* too early to count: keep filled_us */
    budget->filled_us = now_us;
    budget->tokens =
        (uint32_t)time_min(budget->tokens + tokens, budget_depth(budget));
    budget->fair_left = (uint32_t)time_min(budget->fair_left + fair,
                                           budget->fair / 2 + FAIR_BURST);
}

uint32_t budget_left(struct budget *budget, uint64_t now_us)
{
    fill(budget, now_us);
    return (uint32_t)time_min(budget->tokens, budget->fair_left);
}

void budget_spend(struct budget *budget, uint32_t bytes)
{
    budget->tokens -= (uint32_t)time_min(bytes, budget->tokens);
    budget->fair_left -= (uint32_t)time_min(bytes, budget->fair_left);
    budget->spent += bytes;
}

void budget_pass(struct budget *budget, uint32_t bytes, uint64_t now_us)
{
    fill(budget, now_us);
    budget->fair_left -= (uint32_t)time_min(bytes, budget->fair_left);
}

/* ---- fairness ---- */

static uint32_t root(uint64_t n)
{
    uint32_t r = 0;

    for (uint32_t bit = (uint32_t)1 << 31; bit; bit >>= 1)
        if ((uint64_t)(r | bit) * (r | bit) <= n)
            r |= bit;
    return r;
}

/*
 * TCP sends some 1.2 packets / RTT / root(loss).  Ours is the same at 0.5 s,
 * more below, less above: a round trip as long as that is mostly a queue, and
 * the longer it gets, the more of the queue belongs to others.
 */
static void note_fair(struct budget *budget, uint32_t us)
{
    uint64_t mean = budget->mean ? budget->mean : us, ms;

    budget->mean = (uint32_t)((7 * mean + us) / 8);
    ms = budget->mean / 1000 + 1;
    budget->fair =
        (uint32_t)time_min(FAIR * (uint64_t)SECOND / (ms * ms) * MILLION /
                               (root((uint64_t)budget->loss * MILLION) + 1),
                           FAIR_MOST);
}

/* ---- how flat the round trip is ---- */

static uint32_t least(const struct budget *budget)
{
    const uint32_t *of = budget->least;

    return of[1] && (!of[0] || of[1] < of[0]) ? of[1] : of[0];
}

/* So much above the least is no queue. */
static uint32_t tolerance(const struct budget *budget)
{
    return least(budget) / 4 + SLACK_US + 2 * budget->jitter;
}

bool budget_jammed(const struct budget *budget, uint32_t us)
{
    uint32_t low = least(budget);

    return low && us > low + tolerance(budget);
}

static void note_least(struct budget *budget, uint32_t us, uint64_t now_us)
{
    if (now_us - budget->minute_us >= MINUTE) {
        budget->minute_us = now_us;
        if (budget->least[0])
            budget->least[1] = budget->least[0];
        budget->least[0] = 0;
    }
    if (!budget->least[0] || us < budget->least[0])
        budget->least[0] = us;
}

/* Unlike the variation in rtt.h this stays small while a queue grows. */
static void note_jitter(struct budget *budget, uint32_t above)
{
    uint32_t last =
        budget->above[(budget->samples + BUDGET_SAMPLES - 1) % BUDGET_SAMPLES];
    uint32_t apart = above > last ? above - last : last - above;

    if (apart > JITTER_MOST)
        apart = JITTER_MOST;
    if (budget->samples > 0)
        budget->jitter += apart / 8 - budget->jitter / 8;
}

/* Whether the newest n samples are all too high. */
static bool stands(const struct budget *budget, unsigned n)
{
    uint32_t most = tolerance(budget);

    for (unsigned i = 1; i <= n; i++)
        if (i > budget->samples ||
            budget->above[(budget->samples - i) % BUDGET_SAMPLES] <= most)
            return false;
    return true;
}

/* ---- growing and braking ---- */

static void change(struct budget *budget, uint32_t rate, uint64_t now_us)
{
    budget->rate = rate;
    budget->spent = 0;
    budget->changed_us = budget->looked_us = budget->used_us = now_us;
}

static uint32_t more(const struct budget *budget)
{
    uint32_t rate = budget->rate;

    if (rate < budget->ceiling)
        return (uint32_t)time_min((uint64_t)2 * rate, budget->ceiling);
    return (uint32_t)time_min(rate + rate / 8, RATE_MOST);
}

/* Look each second how much was used. */
static void grow(struct budget *budget, uint64_t now_us)
{
    uint64_t had = time_min(now_us - budget->looked_us, MINUTE) * budget->rate;
    uint64_t spent = (uint64_t)budget->spent * SECOND;
    bool slowly = budget->rate >= budget->ceiling;

    if (now_us - budget->looked_us < SECOND)
        return;
    budget->looked_us = now_us;
    budget->spent = 0;
    if (spent >= had / 8)
        budget->used_us = now_us;
    if (spent >= had / 2 && (!slowly || now_us - budget->changed_us >= SLOWLY))
        change(budget, more(budget), now_us);
    else if (now_us - budget->used_us >= UNUSED && budget->rate > RATE_FIRST)
        change(budget, budget->rate / 2, now_us);
}

static void brake(struct budget *budget, uint64_t now_us)
{
    if (budget->rate > RATE_LEAST) /* else the queue is still the same */
        budget->ceiling = budget->rate / 2;
    change(budget, RATE_LEAST, now_us);
    budget->tokens = 0;
    budget->samples = 0;
}

/* ---- trials ---- */

/* What follows a lost packet does not count: an outage is no full queue. */
void budget_fate(struct budget *budget, uint32_t pn, bool lost)
{
    if (!lost || pn - 1 != budget->lost_pn) {
        budget->loss += (lost ? MILLION / 64 : 0) - budget->loss / 64;
        budget->trial_n++;
        budget->trial_lost += lost;
    }
    if (lost)
        budget->lost_pn = pn;
}

static void begin_trial(struct budget *budget, uint64_t now_us)
{
    budget->trial_us = now_us;
    budget->trial_rate = budget->rate;
    budget->trial_loss = budget->loss;
    budget->tokens = 0;
    change(budget, RATE_LEAST, now_us);
}

/* Without copies for a while: whose fault was the loss? */
static void judge(struct budget *budget, uint64_t now_us)
{
    uint64_t loss = (uint64_t)budget->trial_lost * MILLION / budget->trial_n;
    uint32_t rate = budget->trial_rate;

    budget->blamed = loss < budget->trial_loss / 2;
    budget->no_trial_us = now_us + (budget->blamed ? 5 * SECOND : MINUTE);
    if (budget->blamed)
        rate /= 4;
    budget->ceiling = budget->blamed ? rate : RATE_MOST;
    budget->trial_us = 0;
    change(budget, rate, now_us);
}

/* Where loss is odd, do without copies and see whether it goes. */
static void weigh(struct budget *budget, uint64_t now_us)
{
    uint32_t odd = budget->blamed ? ODD_AGAIN : ODD_LOSS;

    if (!budget->trial_us) {
        if (budget->loss >= odd && budget->rate >= TRIAL_RATE &&
            now_us >= budget->no_trial_us)
            begin_trial(budget, now_us);
        return;
    }
    if (now_us - budget->trial_us < TRIAL / 2)
        budget->trial_n = budget->trial_lost = 0; /* sent before */
    else if (now_us - budget->trial_us >= TRIAL &&
             budget->trial_n >= TRIAL_PACKETS)
        judge(budget, now_us);
}

void budget_sample(struct budget *budget, uint32_t us, uint64_t now_us)
{
    uint32_t above;

    note_least(budget, us, now_us);
    above = us - least(budget);
    note_jitter(budget, above);
    note_fair(budget, us);
    budget->above[budget->samples++ % BUDGET_SAMPLES] = above;
    weigh(budget, now_us);
    if (budget->trial_us)
        return;
    if (stands(budget, BUDGET_SAMPLES))
        brake(budget, now_us);
    else if (budget->samples >= GROW_SAMPLES && !stands(budget, GROW_SAMPLES))
        grow(budget, now_us);
}

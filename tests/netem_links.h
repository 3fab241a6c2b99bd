/* SPDX-License-Identifier: MIT
 *
 * Emulated links, two pipes each, and the language in which they are set:
 * name=value,..., the names being those of PIPE_ROWS.  A setting is for all
 * links in both directions, or for those that `link=FIRST-LAST` and
 * `dir=ab|ba|both`, further left, have chosen.
 */
#ifndef TESTS_NETEM_LINKS_H
#define TESTS_NETEM_LINKS_H

#include "shared/mem.h"
#include "tests/netem_pipe.h"

struct links {
    struct pipe (*of)[2]; /* n of them, by the side that sends */
    size_t n;
};

/* The links and directions that settings are for. */
struct links_chosen {
    size_t first, last;
    bool dir[2];
};

static inline bool links_choose(const struct links *links,
                                struct links_chosen *chosen, struct str value)
{
    struct str last, first = pipe_until(value, '-', &last);
    double from, to;

    if (!pipe_number(first, PIPE_NUMBER, &from))
        return false;
    to = from;
    if (last.len && !pipe_number(last, PIPE_NUMBER, &to))
        return false;
    if (from > to || to >= (double)links->n)
        return false;
    chosen->first = (size_t)from;
    chosen->last = (size_t)to;
    return true;
}

static inline bool links_choose_dir(struct links_chosen *chosen,
                                    struct str value)
{
    bool both = str_is(value, "both");

    chosen->dir[0] = both || str_is(value, "ab");
    chosen->dir[1] = both || str_is(value, "ba");
    return chosen->dir[0] || chosen->dir[1];
}

static inline bool links_apply(struct links *links,
                               const struct links_chosen *chosen,
                               struct str name, struct str value,
                               uint64_t now_ns)
{
    for (size_t i = chosen->first; i <= chosen->last; i++)
        for (unsigned dir = 0; dir < 2; dir++)
            if (chosen->dir[dir] &&
                !pipe_set(&links->of[i][dir], name, value, now_ns))
                return false;
    return true;
}

/*
 * A whole SPEC, from left to right.
 *   wrong    what could not be done; all before it has been
 */
static inline bool links_set(struct links *links, struct str spec,
                             uint64_t now_ns, struct str *wrong)
{
    struct links_chosen chosen = { 0, links->n - 1, { true, true } };

    while (spec.len) {
        struct str one = pipe_until(spec, ',', &spec), value;
        struct str name = pipe_until(one, '=', &value);
        bool good;

        *wrong = one;
        if (str_is(name, "link"))
            good = links_choose(links, &chosen, value);
        else if (str_is(name, "dir"))
            good = links_choose_dir(&chosen, value);
        else
            good = links_apply(links, &chosen, name, value, now_ns);
        if (!good)
            return false;
    }
    return true;
}

static inline void links_restart(struct links *links, uint64_t seed)
{
    struct rng rng = { seed };

    for (size_t i = 0; i < links->n; i++)
        for (unsigned dir = 0; dir < 2; dir++)
            pipe_restart(&links->of[i][dir], rng_next(&rng));
}

static inline void links_init(struct links *links, size_t n, uint64_t seed)
{
    links->of = mem_new(n, sizeof *links->of);
    links->n = n;
    for (size_t i = 0; i < n; i++)
        for (unsigned dir = 0; dir < 2; dir++)
            pipe_init(&links->of[i][dir], 0);
    links_restart(links, seed);
}

#endif

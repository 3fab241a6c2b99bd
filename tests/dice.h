/* SPDX-License-Identifier: MIT
 *
 * OpenSSL's randomness from a seed, so that a simulation with encryption in it
 * does the same again.  For tests alone: every key is known.
 */
#ifndef TESTS_DICE_H
#define TESTS_DICE_H

#define OPENSSL_SUPPRESS_DEPRECATED /* there is no other way to all of it */
#include <openssl/rand.h>

#include "shared/rng.h"

static struct rng dice_rng = { 1 };

static int dice_bytes(unsigned char *out, int len)
{
    for (int i = 0; i < len; i++)
        out[i] = (unsigned char)rng_next(&dice_rng);
    return 1;
}

static int dice_status(void)
{
    return 1;
}

/* From here on, in this process. */
static inline void dice_begin(uint64_t seed)
{
    static const RAND_METHOD method = {
        .bytes = dice_bytes,
        .pseudorand = dice_bytes,
        .status = dice_status,
    };

    dice_rng.state = seed;
    RAND_set_rand_method(&method);
}

#endif

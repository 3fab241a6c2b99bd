/* SPDX-License-Identifier: MIT
 *
 * What every unit test includes: cmocka and the headers it needs, in the order
 * it wants them.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The address of a string literal as struct str, without its NUL. */
#define S(literal) ((struct str){ literal, sizeof(literal) - 1 })

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* A number from the environment, or the one given. */
static inline uint64_t test_number(const char *name, uint64_t other)
{
    const char *env = getenv(name);

    return env && *env ? strtoull(env, NULL, 0) : other;
}

/* The seed of a randomised test: $SEED, or the one given. */
static inline uint64_t test_seed(uint64_t seed)
{
    return test_number("SEED", seed);
}

/* Packets lost in a simulation, per cent: $LOSS, or the one given. */
static inline unsigned test_loss(uint64_t percent)
{
    return (unsigned)test_number("LOSS", percent);
}

#endif

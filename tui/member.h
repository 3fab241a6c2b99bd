/* SPDX-License-Identifier: MIT
 *
 * Who is in a room: a vector sorted by account.
 */
#ifndef TUI_MEMBER_H
#define TUI_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/station.h"

struct room;

/* Held of a room; member_count tells the rest. */
enum { MEMBERS_MAX = 2048 };

struct member {
    uint64_t account;
    struct station station;
    uint64_t typing_until; /* mono_us; 0 when not typing */
    uint64_t spoke;        /* seq of their last line here: completion order */
    unsigned page;         /* generation of the page that named them last */
};

/* Somebody's part in a room; NULL when they are not in it. */
struct member *member_find(const struct room *, uint64_t account);
struct member *member_add(struct room *, uint64_t account);
void member_drop(struct room *, uint64_t account);

/*
 * Where an account is, or would be, among n elements of `size` bytes that begin
 * with it and are sorted by it.
 */
size_t member_search(const void *vec, size_t n, size_t size, uint64_t account);

#endif

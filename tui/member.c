/* SPDX-License-Identifier: MIT */
#include "tui/member.h"

#include <string.h>

#include "shared/mem.h"
#include "tui/model.h"

size_t member_search(const void *vec, size_t n, size_t size, uint64_t account)
{
    size_t low = 0;

    for (size_t high = n; low < high;) {
        size_t mid = low + (high - low) / 2;
        uint64_t at;
        memcpy(&at, (const char *)vec + mid * size, sizeof at);
        if (at < account)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct member *member_find(const struct room *room, uint64_t account)
{
    size_t i = member_search(room->members, room->n_members,
                             sizeof *room->members, account);

    return i < room->n_members && room->members[i].account == account
               ? &room->members[i]
               : NULL;
}

struct member *member_add(struct room *room, uint64_t account)
{
    struct member *known = member_find(room, account);
    if (known || room->n_members >= MEMBERS_MAX)
        return known;
    size_t i = member_search(room->members, room->n_members,
                             sizeof *room->members, account);
    void *members = room->members;
    mem_grow(&members, &room->cap_members, room->n_members + 1,
             sizeof *room->members);
    room->members = members;
    memmove(&room->members[i + 1], &room->members[i],
            (room->n_members - i) * sizeof *room->members);
    room->n_members++;
    room->members[i] =
        (struct member){ .account = account, .page = room->page };
    return &room->members[i];
}

void member_drop(struct room *room, uint64_t account)
{
    struct member *member = member_find(room, account);
    if (!member)
        return;
    size_t i = (size_t)(member - room->members);
    room->n_members--;
    memmove(member, member + 1, (room->n_members - i) * sizeof *member);
}

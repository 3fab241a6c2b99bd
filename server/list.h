/* SPDX-License-Identifier: MIT
 *
 * A ring of nodes that live inside their objects, oldest first.  An object
 * holds its node as its first member, so a node is its object by a cast.  A
 * node that is in no list points to itself and may be removed again.
 */
#ifndef SERVER_LIST_H
#define SERVER_LIST_H

#include <stdbool.h>

struct list {
    struct list *prev, *next;
};

static inline void list_init(struct list *list)
{
    list->prev = list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* To the end; from wherever it was before. */
static inline void list_append(struct list *list, struct list *node)
{
    list_remove(node);
    node->prev = list->prev;
    node->next = list;
    list->prev->next = node;
    list->prev = node;
}

#endif

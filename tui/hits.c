/* SPDX-License-Identifier: MIT */
#include "tui/hits.h"

#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"

static void drop_all(struct hits *hits)
{
    while (hits->n) {
        hits->n--;
        free(hits->all[hits->n].nick);
        free(hits->all[hits->n].text);
    }
}

void hits_fini(struct hits *hits)
{
    drop_all(hits);
    free(hits->text);
    free(hits->from);
    *hits = (struct hits){ 0 };
}

void hits_begin(struct hits *hits, const struct msg_search *search)
{
    hits_fini(hits);
    hits->text = mem_str(search->text);
    hits->from = mem_str(search->from);
    hits->room = search->room;
    hits->after = search->after;
    hits->before = search->before;
    hits->pinned = search->pinned;
}

struct msg_search hits_ask(const struct hits *hits)
{
    return (struct msg_search){ .room = hits->room,
                                .text = str_of(hits->text),
                                .from = str_of(hits->from),
                                .after = hits->after,
                                .before = hits->before,
                                .pinned = hits->pinned,
                                .cursor =
                                    str_bytes(hits->cursor, hits->n_cursor) };
}

void hits_await(struct hits *hits, uint32_t request)
{
    drop_all(hits);
    hits->request = request;
    hits->coming = true;
    hits->fresh = hits->more = false;
}

static void end(struct hits *hits, const struct msg_search_page *page)
{
    hits->coming = false;
    hits->fresh = true;
    hits->n_cursor = 0;
    if (page->cursor.len == 0 || page->cursor.len > HITS_CURSOR)
        return;
    hits->more = page->more;
    memcpy(hits->cursor, page->cursor.ptr, page->cursor.len);
    hits->n_cursor = page->cursor.len;
}

void hits_take(struct hits *hits, const struct msg_search_page *page,
               uint32_t request)
{
    if (!hits->coming || request != hits->request)
        return;
    if (page->seq == 0) {
        end(hits, page);
        return;
    }
    if (hits->n == HITS_MAX)
        return;
    hits->all[hits->n++] =
        (struct hit){ .room = page->room,
                      .seq = page->seq,
                      .ts = page->ts,
                      .kind = (unsigned)page->kind,
                      .nick = mem_str(text_cut(page->nick, NAME_MAX_BYTES)),
                      .text = mem_str(text_cut(page->text, HITS_TEXT)) };
}

void hits_fail(struct hits *hits)
{
    hits->coming = false;
}

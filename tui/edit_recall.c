/* SPDX-License-Identifier: MIT
 *
 * Up, Down and Ctrl-R in the input line; see edit.h.
 */
#include "tui/edit.h"

#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/width.h"
#include "tui/edit_impl.h"

static const struct width_rule ANY = { false, false };

/* ---- recall ---- */

/* Show the entry of an age, or the draft at age 0; can be undone. */
static void show(struct edit *e, size_t age)
{
    struct str text;

    if (e->age == 0)
        e->draft = mem_str(edit_text(e));
    text = age ? recall_get(&e->recall, age - 1) : str_of(e->draft);
    edit_replace(e, 0, e->len, text);
    e->age = age;
    if (age == 0) {
        free(e->draft);
        e->draft = NULL;
    }
}

bool edit_older(struct edit *e)
{
    if (e->secret || e->age >= e->recall.n)
        return false;
    show(e, e->age + 1);
    return true;
}

bool edit_newer(struct edit *e)
{
    if (e->age == 0)
        return false;
    show(e, e->age - 1);
    return true;
}

/* The same column of the line that begins at `start`. */
static bool go_line(struct edit *e, size_t start)
{
    size_t from = edit_line_start(e, e->cursor);
    struct str text = edit_text(e);
    struct str line = { text.ptr + start, edit_line_end(e, start) - start };
    size_t col = width_of(str_bytes(text.ptr + from, e->cursor - from), &ANY);

    return edit_go(e, start + width_cut(line, col, &ANY).len);
}

bool edit_up(struct edit *e)
{
    size_t start = edit_line_start(e, e->cursor);

    if (start == 0)
        return edit_older(e);
    return go_line(e, edit_line_start(e, start - 1));
}

bool edit_down(struct edit *e)
{
    size_t end = edit_line_end(e, e->cursor);

    if (end == e->len)
        return edit_newer(e);
    return go_line(e, end + 1);
}

/* ---- search ---- */

static bool search_from(struct edit *e, size_t age)
{
    struct str query = { e->query, e->query_len };
    size_t found = SIZE_MAX, at = 0;

    if (query.len)
        found = recall_search(&e->recall, query, age, &at);
    e->serial++;
    e->found = found;
    e->found_at = at;
    return found != SIZE_MAX;
}

bool edit_search(struct edit *e)
{
    if (e->secret)
        return false;
    size_t was = e->found, at = e->found_at;

    if (!e->searching) {
        e->searching = true;
        e->query_len = 0;
        search_from(e, 0);
        return true;
    }
    if (was == SIZE_MAX)
        return false;
    if (search_from(e, was + 1))
        return true;
    e->found = was; /* no older one: stay */
    e->found_at = at;
    return false;
}

bool edit_search_add(struct edit *e, struct str text)
{
    size_t from = e->found == SIZE_MAX ? 0 : e->found;
    struct str fits = text_cut(text, EDIT_QUERY - e->query_len);

    if (!e->searching || !text_is_clean(fits, TEXT_LINE))
        return false;
    if (fits.len)
        memcpy(e->query + e->query_len, fits.ptr, fits.len);
    e->query_len += fits.len;
    return search_from(e, from) && fits.len == text.len;
}

bool edit_search_back(struct edit *e)
{
    if (!e->searching || e->query_len == 0)
        return false;
    e->query_len =
        width_before(str_bytes(e->query, e->query_len), e->query_len);
    return search_from(e, 0);
}

struct str edit_search_match(const struct edit *e)
{
    return e->searching ? recall_get(&e->recall, e->found) : str_of(NULL);
}

void edit_search_accept(struct edit *e)
{
    struct str match = edit_search_match(e);

    if (match.len)
        edit_replace(e, 0, e->len, match);
    edit_search_cancel(e);
}

void edit_search_cancel(struct edit *e)
{
    e->searching = false;
    e->query_len = 0;
    e->found = SIZE_MAX;
    e->serial++;
}

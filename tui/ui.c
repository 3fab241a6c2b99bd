/* SPDX-License-Identifier: MIT */
#include "tui/ui.h"

#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/width.h"
#include "tui/settings.h"

void ui_init(struct ui *ui)
{
    *ui = (struct ui){ .cols = 80, .rows = 24, .terminal = "", .dirty = true };
}

void ui_fini(struct ui *ui)
{
    free(ui->title);
    free(ui->page);
    free(ui->words);
    ui->title = ui->page = ui->words = NULL;
}

void ui_look(struct ui *ui, const struct settings *settings)
{
    ui->bell = settings->bell;
    ui->timestamps = settings->timestamps;
    ui->rule.full_emoji = settings->emoji == EMOJI_FULL;
    if (settings->ambiguous != AMBIGUOUS_AUTO)
        ui->rule.ambiguous_wide = settings->ambiguous == AMBIGUOUS_TWO;
    ui->dirty = true;
}

void ui_enter(struct ui *ui, enum ui_mode mode)
{
    if (mode != UI_PAGE)
        ui_fini(ui);
    if (mode == UI_FIND || mode == UI_SWITCH)
        ui->query = (struct ui_query){ .len = 0 };
    ui->mode = mode;
    ui->dirty = true;
}

void ui_show(struct ui *ui, const char *title, struct str text)
{
    ui_fini(ui);
    ui->title = mem_str(str_of(title));
    ui->page = mem_str(text);
    ui->page_top = 0;
    ui_enter(ui, UI_PAGE);
}

void ui_mark(struct ui *ui, struct str words)
{
    free(ui->words);
    ui->words = mem_str(words);
}

void ui_query_add(struct ui *ui, struct str text)
{
    struct ui_query *q = &ui->query;
    char clean[3 * QUERY_BYTES];
    size_t len =
        text_clean(text_cut(text, QUERY_BYTES), TEXT_LINE, clean, sizeof clean);
    struct str fits = text_cut(str_bytes(clean, len), QUERY_BYTES - q->len);

    memcpy(q->text + q->len, fits.ptr, fits.len);
    q->len += fits.len;
    q->choice = 0;
    ui->dirty = true;
}

void ui_query_rub(struct ui *ui)
{
    struct ui_query *q = &ui->query;

    q->len = width_before(str_bytes(q->text, q->len), q->len);
    q->choice = 0;
    ui->dirty = true;
}

void ui_follow(struct ui *ui)
{
    ui->anchor = (struct anchor){ 0 };
    ui->query.hit = ui->pick = 0;
    ui->dirty = true;
}

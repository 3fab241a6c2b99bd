/* SPDX-License-Identifier: MIT */
#include "tui/found.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shared/text.h"
#include "tui/chat.h"
#include "tui/hits.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/ui.h"

static void list_hit(FILE *out, struct model *m, const struct hit *hit,
                     size_t number)
{
    const struct room *room = model_room(m, hit->room);
    time_t t = (time_t)(hit->ts / 1000);
    char when[32] = "-";
    struct tm tm;

    if (hit->ts < 253402300800000u && localtime_r(&t, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    fprintf(out, "%2zu  %s %s %s: ", number, when, room ? room->name : "?",
            hit->nick);
    for (const char *c = hit->text; *c; c++)
        fputc(*c == '\n' ? ' ' : *c, out);
    fputc('\n', out);
}

void found_show(struct chat *chat, struct now now)
{
    struct hits *hits = &chat->model->hits;
    char *text = NULL, title[128];
    size_t len = 0;
    FILE *out;

    hits->fresh = false;
    if (hits->n == 0) {
        model_notice(chat->model, NULL, now, _("nothing was found"));
        return;
    }
    out = open_memstream(&text, &len);
    if (!out)
        return;
    for (size_t i = 0; i < hits->n; i++)
        list_hit(out, chat->model, &hits->all[i], i + 1);
    fputs(hits->more ? _("/search shows older ones; 1 to 9, or /goto NUMBER, "
                         "goes there\n")
                     : _("1 to 9, or /goto NUMBER, goes there\n"),
          out);
    fclose(out);
    snprintf(title, sizeof title, _("Found: %.*s"),
             STR_ARG(text_cut(str_of(hits->text), 80)));
    chat_page(chat, title, str_bytes(text, len), now);
    if (chat->ui->mode == UI_PAGE)
        ui_mark(chat->ui, str_of(hits->text));
    free(text);
}

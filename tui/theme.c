/* SPDX-License-Identifier: MIT
 *
 * styles.def as a table; see theme.h.
 */
#include "tui/theme.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The words of styles.def. */
enum { DEFAULT = INK_DEFAULT, RED = 1, GREEN, YELLOW, BLUE, MAGENTA, CYAN };

enum { NONE = 0, BOLD = INK_BOLD, DIM = INK_DIM, REVERSE = INK_REVERSE };

static const struct {
    int dark, light;
    unsigned attrs;
} INKS[STYLE_COUNT] = {

#define STYLE(name, dark, light, attrs, doc)                                   \
    [STYLE_##name] = { dark, light, attrs },
#include "tui/styles.def"
};

struct ink theme_ink(enum look look, enum style style)
{
    struct ink ink = { .colour = INK_DEFAULT };

    assert((unsigned)style < STYLE_COUNT);
    ink.attrs = INKS[style].attrs;
    if (look == LOOK_DARK)
        ink.colour = INKS[style].dark;
    else if (look == LOOK_LIGHT)
        ink.colour = INKS[style].light;
    return ink;
}

/* Background of "foreground;background", "foreground;other;background". */
static bool is_light(const char *colorfgbg)
{
    const char *background = strrchr(colorfgbg, ';');
    char *end;
    long colour;

    if (!background)
        return false;
    colour = strtol(background + 1, &end, 10);
    return end != background + 1 && *end == '\0' &&
           (colour == 7 || (colour >= 9 && colour <= 15));
}

enum look theme_guess(const char *no_color, const char *colorfgbg)
{
    if (no_color && *no_color)
        return LOOK_MONO;
    return colorfgbg && is_light(colorfgbg) ? LOOK_LIGHT : LOOK_DARK;
}

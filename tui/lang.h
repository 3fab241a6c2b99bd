/* SPDX-License-Identifier: MIT
 *
 * The language of the person: locale, character set, translations.
 *   _("text")    translated here and now
 *   N_("text")   marked for the translators, translated where it is shown
 */
#ifndef TUI_LANG_H
#define TUI_LANG_H

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) (text)

/* As gettext, but "" stays "" and NULL stays NULL: for tables. */
const char *lang_text(const char *text);

/* What a library says of an error, in English, in the person's language. */
const char *lang_error(const char *text);

/*
 * Set the locale from the environment; call once, before anything is shown.
 * Without a UTF-8 character set C.UTF-8 is taken, so that text is never
 * mangled; a language whose locale this machine lacks is still spoken.
 *   returns  a sentence to show when something had to be changed, or NULL
 */
const char *lang_init(void);

#endif

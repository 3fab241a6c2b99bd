/* SPDX-License-Identifier: MIT
 *
 * Locale and translations.  A bare server often has no locale but C.UTF-8; the
 * texts are then still shown in the person's language: gettext takes LANGUAGE
 * for the choice of translation as long as the locale is not plain C.
 */
#include "tui/lang.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *lang_text(const char *text)
{
    return text && *text ? gettext(text) : text;
}

/* The locale the environment asks for, as setlocale would pick it. */
static const char *wanted(void)
{
    static const char *const NAMES[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const char *value = getenv(NAMES[i]);

        if (value && *value)
            return value;
    }
    return "";
}

static bool is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* "zh_CN.UTF-8" -> LANGUAGE=zh_CN, unless the person chose one already. */
static void keep_language(const char *locale)
{
    char name[32];
    size_t len = strcspn(locale, ".@");

    if (len == 0 || len >= sizeof name)
        return;
    memcpy(name, locale, len);
    name[len] = '\0';
    if (strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0)
        setenv("LANGUAGE", name, 0);
}

/* Errors of connecting that people meet, in the words of libuv. */
static const char *const ERRORS[] = {
    N_("address not available"),   N_("broken pipe"),
    N_("connection refused"),      N_("connection reset by peer"),
    N_("connection timed out"),    N_("host is unreachable"),
    N_("network is unreachable"),  N_("no such file or directory"),
    N_("permission denied"),       N_("temporary failure"),
    N_("unknown node or service"),
};

const char *lang_error(const char *text)
{
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        if (strcmp(ERRORS[i], text) == 0)
            return gettext(text);
    }
    return text;
}

static void open_catalogue(void)
{
    const char *dir = getenv("CHAT_LOCALEDIR");

    setlocale(LC_NUMERIC, "C");
    bindtextdomain("chat", dir && *dir ? dir : LOCALEDIR);
    bind_textdomain_codeset("chat", "UTF-8");
    textdomain("chat");
}

const char *lang_init(void)
{
    bool known = setlocale(LC_ALL, "") != NULL;
    bool fell_back = false;

    if (!known || !is_utf8()) {
        keep_language(wanted());
        fell_back = setlocale(LC_ALL, "C.UTF-8") != NULL;
    }
    open_catalogue();
    if (is_utf8() && (known || fell_back))
        return known && fell_back && *wanted()
                   ? _("this locale has no UTF-8; C.UTF-8 is used instead")
                   : NULL;
    return _("no UTF-8 locale on this machine: characters beyond ASCII may "
             "look wrong");
}

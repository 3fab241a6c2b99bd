/* SPDX-License-Identifier: MIT
 *
 * A directory of a test's own, gone when it ends: setup and teardown of cmocka
 * whose state is the path.
 */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <sys/stat.h>
#include <unistd.h>

#include "tests/test.h"

enum { FOLDER_PATH = 256, FOLDER_TEXT = 8192 };

static inline int folder_make(void **state)
{
    char *dir = strdup("/tmp/chat-test.XXXXXX");

    if (!mkdtemp(dir)) {
        free(dir);
        return -1;
    }
    *state = dir;
    return 0;
}

static inline int folder_drop(void **state)
{
    char command[FOLDER_PATH];

    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    free(*state);
    return system(command);
}

/* Good until the next call. */
static inline const char *folder_path(void **state, const char *name)
{
    static char path[FOLDER_PATH];

    snprintf(path, sizeof path, "%s/%s", (char *)*state, name);
    return path;
}

static inline void folder_write(void **state, const char *name,
                                const char *text)
{
    FILE *file = fopen(folder_path(state, name), "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Good until the next call; NULL when there is no such file. */
static inline const char *folder_read(void **state, const char *name)
{
    static char text[FOLDER_TEXT];
    FILE *file = fopen(folder_path(state, name), "r");

    if (!file)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static inline unsigned folder_mode(void **state, const char *name)
{
    struct stat st;

    assert_int_equal(stat(folder_path(state, name), &st), 0);
    return st.st_mode & 0777;
}

#endif

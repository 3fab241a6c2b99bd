/* SPDX-License-Identifier: MIT
 *
 * usage: replay_NAME PATH...
 * Run a fuzz target on files, and on every file of directories; a main for
 * compilers without libFuzzer.  What it finds it says by dying.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024 * 1024 };

static int fail(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return -1;
}

/* The input in memory just as large, so that ASan watches its end. */
static int run_file(const char *path)
{
    static uint8_t buffer[INPUT_MAX];
    FILE *from = fopen(path, "rb");
    uint8_t *exact;
    size_t len;

    if (!from)
        return fail(path);
    len = fread(buffer, 1, sizeof buffer, from);
    fclose(from);
    exact = malloc(len ? len : 1);
    if (!exact)
        return fail(path);
    memcpy(exact, buffer, len);
    fprintf(stderr, "%s\n", path); /* the last one named is the culprit */
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 0;
}

/* Returns how many files ran, or -1. */
static int run_folder(DIR *folder, const char *path)
{
    struct dirent *entry;
    int n = 0;

    while ((entry = readdir(folder))) {
        char name[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (run_file(name))
            return -1;
        n++;
    }
    return n;
}

static int run(const char *path)
{
    DIR *folder = opendir(path);
    int n;

    if (!folder)
        return run_file(path) ? -1 : 1;
    n = run_folder(folder, path);
    closedir(folder);
    return n;
}

int main(int argc, char **argv)
{
    int all = 0;

    for (int i = 1; i < argc; i++) {
        int n = run(argv[i]);

        if (n < 0)
            return 1;
        all += n;
    }
    printf("%d inputs\n", all);
    return all == 0; /* an empty corpus proves nothing */
}

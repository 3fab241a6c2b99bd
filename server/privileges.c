/* SPDX-License-Identifier: MIT
 *
 * Becoming somebody else; see privileges.h.
 */
#include "server/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static int look_up(const char *user, const struct passwd **entry, char *error,
                   size_t cap)
{
    *entry = getpwnam(user);
    if (*entry)
        return 0;
    snprintf(error, cap, "there is no user %s; useradd(8) makes one", user);
    return EX_NOUSER;
}

int privileges_check(const char *user, char *error, size_t cap)
{
    const struct passwd *entry;

    return user && *user ? look_up(user, &entry, error, cap) : 0;
}

int privileges_find(struct privileges *p, const char *user, char *error,
                    size_t cap)
{
    const struct passwd *entry;
    int err;

    *p = (struct privileges){ .has = false };
    if (!user || !*user)
        return 0;
    if (geteuid() != 0) {
        snprintf(error, cap,
                 "only root can go on as another user: leave out "
                 "--user, or start the server as root");
        return EX_NOPERM;
    }
    err = look_up(user, &entry, error, cap);
    if (err)
        return err;
    *p = (struct privileges){ true, entry->pw_uid, entry->pw_gid };
    if (initgroups(user, p->gid) == 0)
        return 0;
    snprintf(error, cap, "cannot take the groups of %s: %s", user,
             strerror(errno));
    return EX_OSERR;
}

int privileges_give(const struct privileges *p, const char *dir)
{
    struct stat st;

    if (!p->has)
        return 0;
    if (stat(dir, &st))
        return -1;
    return st.st_uid == 0 ? chown(dir, p->uid, p->gid) : 0;
}

bool privileges_lend(const struct privileges *p)
{
    return !p->has || (setegid(p->gid) == 0 && seteuid(p->uid) == 0);
}

bool privileges_return(const struct privileges *p)
{
    return !p->has || (seteuid(0) == 0 && setegid(0) == 0);
}

bool privileges_drop(const struct privileges *p)
{
    if (!p->has)
        return true;
    return setgid(p->gid) == 0 && setuid(p->uid) == 0 &&
           (p->uid == 0 || setuid(0) != 0);
}

bool privileges_can_read(const char *path)
{
    return access(path, R_OK) == 0;
}

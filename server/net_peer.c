/* SPDX-License-Identifier: MIT
 *
 * EDGE: who is at the other end of a Unix socket, and whose login names are;
 * see net_edge.h.
 */
#define _GNU_SOURCE /* struct ucred */
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

#include "server/net_edge.h"

enum { PASSWD_BYTES = 16384 }; /* of one entry, its strings */

bool net_peer(int fd, struct local *local)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    struct passwd entry, *found = NULL;
    char bytes[PASSWD_BYTES];

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
        getpwuid_r(peer.uid, &entry, bytes, sizeof bytes, &found) || !found)
        return false;
    local->uid = peer.uid;
    snprintf(local->login, sizeof local->login, "%s", entry.pw_name);
    return true;
}

bool net_login(const char *name, uint32_t *uid)
{
    struct passwd entry, *found = NULL;
    char bytes[PASSWD_BYTES];

    if (getpwnam_r(name, &entry, bytes, sizeof bytes, &found) || !found)
        return false;
    *uid = found->pw_uid;
    return true;
}

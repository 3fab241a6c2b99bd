/* SPDX-License-Identifier: MIT
 *
 * What the operator says about people; see options.def.
 */
#ifndef SERVER_POLICY_H
#define SERVER_POLICY_H

#include <stdbool.h>

/* Who may become somebody here. */
enum registration {
    REGISTRATION_OPEN,   /* whoever comes with a key */
    REGISTRATION_INVITE, /* whoever has a code from the operator */
    REGISTRATION_CLOSED  /* nobody */
};

struct policy {
    enum registration registration;
    bool no_guests; /* who proves nothing stays outside */
};

#endif

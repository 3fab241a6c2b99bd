/* SPDX-License-Identifier: MIT
 *
 * What the person does about a line that has been said; client.h has the rest.
 */
#ifndef TUI_ABOUT_H
#define TUI_ABOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

struct client;

/* A line that has been said: its room's name and its seq. */
struct about {
    struct str room;
    uint64_t ref;
};

/* Say something in answer to a line, as client_say; ref 0: to none. */
uint64_t client_reply(struct client *, const struct about *, unsigned kind,
                      struct str text, struct now);

/* Change a line, take it back, react to it or no longer. */
void client_edit(struct client *, const struct about *, struct str text,
                 struct now);
void client_redact(struct client *, const struct about *, struct str why,
                   struct now);
void client_react(struct client *, const struct about *, struct str key,
                  bool remove, struct now);
void client_pin(struct client *, const struct about *, bool remove, struct now);

/* Ask what a line was before it was changed. */
void client_versions(struct client *, const struct about *, struct now);

/* A room has been read up to that line. */
void client_read(struct client *, const struct about *, struct now);

#endif

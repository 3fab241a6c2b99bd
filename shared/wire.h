/* SPDX-License-Identifier: MIT
 *
 * Messages as C structs, from messages.def, and their way to bytes and back.
 * The macros here make data only; encode, decode, size and dump are plain
 * loops over it.
 *
 * Wire format (chat-protocol(7)): a frame is u32 body length, u16 kind, u16
 * flags, u32 request id, all big-endian, then fields: tag, length, bytes.
 */
#ifndef SHARED_WIRE_H
#define SHARED_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/bounds.h"
#include "shared/str.h"

enum kind {
    KIND_NONE = 0,

#define MSG(TAG, name, code, from, lane, since, doc) KIND_##TAG = (code),
#include "shared/messages.def"
};

#define VALUE(set, TAG, code, doc) set##_##TAG = (code),

enum value {

#include "shared/messages.def"
};

enum wire_from { FROM_CLIENT = 1, FROM_SERVER = 2, FROM_BOTH = 3 };

/* How a message travels; link.h maps a lane to a stream. */
enum lane {
    LANE_CONTROL,
    LANE_COMMAND,
    LANE_ROOM,
    LANE_BULK,
    LANE_PRESENCE,
    LANE_STATE
};

enum wire_flag {
    FLAG_CRITICAL = 1, /* a receiver that does not know the kind must say so */
    FLAG_MORE = 2,     /* a page goes on in the next frame */
    FLAG_EPHEMERAL = 4 /* may be dropped for a slow reader */
};

enum wire_type { TYPE_num, TYPE_line, TYPE_text, TYPE_bin };

typedef uint64_t wire_num;
typedef struct str wire_line;
typedef struct str wire_text;
typedef struct str wire_bin;

#define MSG(TAG, name, code, from, lane, since, doc) struct msg_##name {
#define FIELD(name, tag, type, field, doc)           wire_##type field;
#define END(name)                                                              \
    }                                                                          \
    ;
#include "shared/messages.def"

/* One message; strings are borrowed views. */
struct msg {
    enum kind kind;
    unsigned flags;   /* enum wire_flag */
    uint32_t request; /* copied into the answer; 0 is unsolicited */

    union {
#define MSG(TAG, name, code, from, lane, since, doc) struct msg_##name name;
#include "shared/messages.def"
    };
};

struct wire_field {
    const char *name, *doc;
    enum wire_type type;
    unsigned tag;
    size_t offset; /* within struct msg */
};

struct wire_row {
    const char *name, *doc;
    enum kind kind;
    enum wire_from from;
    enum lane lane;
    unsigned since;
    const struct wire_field *fields;
    size_t n;
};

struct wire_value {
    const char *set, *name, *doc;
    unsigned code;
};

extern const struct wire_row WIRE_ROWS[];
extern const size_t WIRE_ROWS_LEN;
extern const struct wire_value WIRE_VALUES[];
extern const size_t WIRE_VALUES_LEN;

/* The row of a kind; NULL when this version does not know it. */
const struct wire_row *wire_row(unsigned kind);

/* "EVENT"; "HERE" of set "presence" and code 5; "?" when there is none. */
const char *wire_name(unsigned kind);
const char *wire_value_name(const char *set, uint64_t code);

/* Bytes wire_encode will write, head included. */
size_t wire_size(const struct msg *);

/*
 * Write a whole frame.
 *   out      wire_size() bytes
 *   returns  bytes written
 * The caller keeps texts within their limits; a body above BODY_MAX is a bug.
 */
size_t wire_encode(const struct msg *, uint8_t *out);

/* What a message of lane ROOM or STATE is about: its first field, the room. */
uint64_t wire_key(const struct msg *);

/* The head of a frame. */
struct wire_head {
    uint32_t len; /* of the body */
    uint16_t kind, flags;
    uint32_t request;
};

/* Read the FRAME_HEAD bytes at p; no check but that of the caller. */
struct wire_head wire_head(const uint8_t *p);

/* Where decode puts text that had to be cleaned; one per decoding thread. */
struct wire_scratch {
    size_t len;
    char bytes[3 * BODY_MAX];
};

/*
 * Decode a whole frame.
 *   frame    FRAME_HEAD + body bytes, exactly one frame
 *   scratch  reset by the call; cleaned text lies there; may be NULL when the
 *            caller has seen in the head a kind without text fields
 *   returns  0; -ERROR_BAD_FRAME when the fields do not add up;
 *            -ERROR_UNSUPPORTED when the kind is not known (msg has the head,
 *            and nothing else is wrong with it)
 * Unknown fields are skipped; of a field sent twice the last one counts.
 * Strings in msg view into frame or scratch, until the next call with either.
 * Text fields come out clean (text.h), whatever was sent.
 */
int wire_decode(struct msg *, struct str frame, struct wire_scratch *scratch);

/*
 * "EVENT room=7 seq=42 text="hi"", for logs, traces and failing tests; bin
 * fields as length only, so no secret is ever printed.
 */
void wire_dump(const struct msg *, FILE *);

/* The schema as text: golden/schema.txt, `chat-server --dump-protocol`. */
void wire_dump_schema(FILE *);

/*
 * A random valid message of a random kind, for tests and fuzzers.
 *   next     source of randomness, called with ctx
 *   arena    where its strings lie, `cap` bytes
 */
void wire_random(struct msg *, uint64_t (*next)(void *), void *ctx, char *arena,
                 size_t cap);

/* ---- packed records ---- */

#define RECORD(name, doc)               struct rec_##name {
#define RFIELD(name, bytes, field, doc) uint64_t field;
#define REND(name)                                                             \
    }                                                                          \
    ;
#include "shared/messages.def"

enum record {

#define RECORD(name, doc) RECORD_##name,
#include "shared/messages.def"
    RECORD_COUNT
};

/* Bytes of one packed record; pack *rec, a struct rec_NAME, into so many. */
size_t rec_size(enum record);
size_t rec_pack(enum record, const void *rec, uint8_t *out);

/*
 * Take the next record off the front of *packed into *rec, a struct rec_NAME.
 * false when less than one is left.
 */
bool rec_next(enum record, struct str *packed, void *rec);

#endif

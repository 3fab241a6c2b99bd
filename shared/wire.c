/* SPDX-License-Identifier: MIT
 *
 * The tables of messages.def and the plain loops over them; see wire.h.
 */
#include "shared/wire.h"

#include <assert.h>

#include "shared/error.h"
#include "shared/text.h"
#include "shared/wire_impl.h"

#define MSG(TAG, name, code, from, lane, since, doc)                           \
    static const struct wire_field FIELDS_##name[] = {
#define FIELD(name, tag, type, field, doc)                                     \
    { #field, doc, TYPE_##type, tag,                                           \
      offsetof(struct msg, name) + offsetof(struct msg_##name, field) },
#define END(name)                                                              \
    }                                                                          \
    ;
#include "shared/messages.def"

const struct wire_row WIRE_ROWS[] = {
#define MSG(TAG, name, code, from, lane, since, doc)                           \
    { #TAG,          doc,                                                      \
      KIND_##TAG,    FROM_##from,                                              \
      LANE_##lane,   since,                                                    \
      FIELDS_##name, sizeof FIELDS_##name / sizeof *FIELDS_##name },
#include "shared/messages.def"
};

const size_t WIRE_ROWS_LEN = sizeof WIRE_ROWS / sizeof *WIRE_ROWS;

const struct wire_value WIRE_VALUES[] = {
#define VALUE(set, TAG, code, doc) { #set, #TAG, doc, code },
#include "shared/messages.def"
};

const size_t WIRE_VALUES_LEN = sizeof WIRE_VALUES / sizeof *WIRE_VALUES;

const struct wire_row *wire_row(unsigned kind)
{
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++) {
        if ((unsigned)WIRE_ROWS[i].kind == kind)
            return &WIRE_ROWS[i];
    }
    return NULL;
}

const char *wire_name(unsigned kind)
{
    const struct wire_row *row = wire_row(kind);

    return row ? row->name : "?";
}

const char *wire_value_name(const char *set, uint64_t code)
{
    for (size_t i = 0; i < WIRE_VALUES_LEN; i++) {
        const struct wire_value *value = &WIRE_VALUES[i];

        if (value->code == code && strcmp(value->set, set) == 0)
            return value->name;
    }
    return "?";
}

uint64_t wire_key(const struct msg *msg)
{
    const struct wire_row *row = wire_row(msg->kind);

    assert(row && row->n && row->fields[0].type == TYPE_num);
    return num_in(msg, &row->fields[0]);
}

/* ---- numbers ---- */

static size_t num_put(uint64_t n, size_t len, uint8_t *out)
{
    for (size_t i = len; i-- > 0; n >>= 8)
        out[i] = (uint8_t)n;
    return len;
}

static uint64_t num_get(const uint8_t *p, size_t len)
{
    uint64_t n = 0;

    for (size_t i = 0; i < len; i++)
        n = n << 8 | p[i];
    return n;
}

/* Varints are LEB128: seven bits a byte, least first. */
static size_t varint_len(uint64_t n)
{
    size_t len = 1;

    for (; n >= 0x80; n >>= 7)
        len++;
    return len;
}

static size_t varint_put(uint64_t n, uint8_t *out)
{
    size_t len = 0;

    for (; n >= 0x80; n >>= 7)
        out[len++] = (uint8_t)(n | 0x80);
    out[len++] = (uint8_t)n;
    return len;
}

/* Take a varint off the front: 4 bytes at most, for tags and lengths. */
static bool varint_take(struct str *s, uint32_t *out)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s->len && i < 4; i++) {
        uint8_t byte = (uint8_t)s->ptr[i];

        n |= (uint32_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = n;
            *s = str_from(*s, i + 1);
            return byte || i == 0; /* minimal form only */
        }
    }
    return false;
}

/* ---- encode ---- */

size_t wire_size(const struct msg *msg)
{
    const struct wire_row *row = wire_row(msg->kind);
    size_t size = FRAME_HEAD;

    assert(row);
    for (size_t i = 0; i < row->n; i++) {
        size_t len = value_len(msg, &row->fields[i]);

        if (len)
            size += varint_len(row->fields[i].tag) + varint_len(len) + len;
    }
    return size;
}

static size_t field_put(const struct msg *msg, const struct wire_field *f,
                        uint8_t *out)
{
    size_t len = value_len(msg, f), at;

    if (len == 0)
        return 0;
    at = varint_put(f->tag, out);
    at += varint_put(len, out + at);
    if (f->type == TYPE_num)
        num_put(num_in(msg, f), len, out + at);
    else
        memcpy(out + at, str_in(msg, f).ptr, len);
    return at + len;
}

size_t wire_encode(const struct msg *msg, uint8_t *out)
{
    const struct wire_row *row = wire_row(msg->kind);
    size_t at = FRAME_HEAD;

    assert(row);
    for (size_t i = 0; i < row->n; i++)
        at += field_put(msg, &row->fields[i], out + at);
    assert(at <= FRAME_MAX);
    num_put(at - FRAME_HEAD, 4, out);
    num_put(msg->kind, 2, out + 4);
    num_put(msg->flags, 2, out + 6);
    num_put(msg->request, 4, out + 8);
    return at;
}

/* ---- decode ---- */

struct wire_head wire_head(const uint8_t *p)
{
    return (struct wire_head){
        .len = (uint32_t)num_get(p, 4),
        .kind = (uint16_t)num_get(p + 4, 2),
        .flags = (uint16_t)num_get(p + 6, 2),
        .request = (uint32_t)num_get(p + 8, 4),
    };
}

/* Text as it may be shown: a view when it is clean, else a cleaned copy. */
static struct str text_take(struct str value, enum wire_type type,
                            struct wire_scratch *scratch)
{
    enum text_kind kind = type == TYPE_line ? TEXT_LINE : TEXT_LINES;
    char *to;
    size_t len;

    if (text_is_clean(value, kind))
        return value;
    assert(scratch); /* only a kind without text goes without */
    to = scratch->bytes + scratch->len;
    len = text_clean(value, kind, to, sizeof scratch->bytes - scratch->len);
    scratch->len += len;
    return str_bytes(to, len);
}

static int field_take(struct msg *msg, const struct wire_field *f,
                      struct str value, struct wire_scratch *scratch)
{
    switch (f->type) {
    case TYPE_num:
        if (value.len > 8)
            return -ERROR_BAD_FRAME;
        *num_at(msg, f) = num_get((const uint8_t *)value.ptr, value.len);
        return 0;
    case TYPE_line:
    case TYPE_text:
        *str_at(msg, f) = text_take(value, f->type, scratch);
        return 0;
    case TYPE_bin: *str_at(msg, f) = value; return 0;
    }
    return -ERROR_BAD_FRAME;
}

static const struct wire_field *find_field(const struct wire_row *row,
                                           unsigned tag)
{
    for (size_t i = 0; i < row->n; i++) {
        if (row->fields[i].tag == tag)
            return &row->fields[i];
    }
    return NULL;
}

/* The fields of a body; with row NULL only that they add up. */
static int body_take(struct msg *msg, const struct wire_row *row,
                     struct str body, struct wire_scratch *scratch)
{
    while (body.len) {
        const struct wire_field *field;
        uint32_t tag, len;
        int err;

        if (!varint_take(&body, &tag) || !varint_take(&body, &len) ||
            len > body.len)
            return -ERROR_BAD_FRAME;
        field = row ? find_field(row, tag) : NULL;
        err = field ? field_take(msg, field, str_bytes(body.ptr, len), scratch)
                    : 0;
        if (err)
            return err;
        body = str_from(body, len);
    }
    return row ? 0 : -ERROR_UNSUPPORTED;
}

int wire_decode(struct msg *msg, struct str frame, struct wire_scratch *scratch)
{
    const struct wire_row *row;
    struct wire_head head;

    if (scratch)
        scratch->len = 0;
    *msg = (struct msg){ .kind = KIND_NONE };
    if (frame.len < FRAME_HEAD || frame.len > FRAME_MAX)
        return -ERROR_BAD_FRAME;
    head = wire_head((const uint8_t *)frame.ptr);
    if (head.len != frame.len - FRAME_HEAD)
        return -ERROR_BAD_FRAME;
    row = wire_row(head.kind);
    msg->kind = row ? row->kind : KIND_NONE;
    msg->flags = head.flags;
    msg->request = head.request;
    return body_take(msg, row, str_from(frame, FRAME_HEAD), scratch);
}

/* ---- packed records ---- */

struct rfield {
    size_t bytes, offset;
};

#define RECORD(name, doc) static const struct rfield RFIELDS_##name[] = {
#define RFIELD(name, bytes, field, doc)                                        \
    { bytes, offsetof(struct rec_##name, field) },
#define REND(name)                                                             \
    }                                                                          \
    ;
#include "shared/messages.def"

static const struct {
    const struct rfield *fields;
    size_t n;
} RECORDS[RECORD_COUNT] = {

#define RECORD(name, doc)                                                      \
    [RECORD_##name] = { RFIELDS_##name,                                        \
                        sizeof RFIELDS_##name / sizeof *RFIELDS_##name },
#include "shared/messages.def"
};

size_t rec_size(enum record which)
{
    size_t size = 0;

    for (size_t i = 0; i < RECORDS[which].n; i++)
        size += RECORDS[which].fields[i].bytes;
    return size;
}

size_t rec_pack(enum record which, const void *rec, uint8_t *out)
{
    size_t at = 0;

    for (size_t i = 0; i < RECORDS[which].n; i++) {
        const struct rfield *f = &RECORDS[which].fields[i];
        uint64_t n;

        memcpy(&n, (const char *)rec + f->offset, sizeof n);
        at += num_put(n, f->bytes, out + at);
    }
    return at;
}

bool rec_next(enum record which, struct str *packed, void *rec)
{
    const uint8_t *p = (const uint8_t *)packed->ptr;
    size_t size = rec_size(which);

    if (packed->len < size)
        return false;
    for (size_t i = 0; i < RECORDS[which].n; i++) {
        const struct rfield *f = &RECORDS[which].fields[i];
        uint64_t n = num_get(p, f->bytes);

        memcpy((char *)rec + f->offset, &n, sizeof n);
        p += f->bytes;
    }
    *packed = str_from(*packed, size);
    return true;
}

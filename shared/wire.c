/* SPDX-License-Identifier: MIT
 *
 * The tables of messages.def and the plain loops over them; see wire.h.
 */
#include "shared/wire.h"

#include <assert.h>

#include "shared/error.h"
#include "shared/text.h"

#define MSG(TAG, name, code, from, lane, since, doc)                           \
    static const struct wire_field FIELDS_##name[] = {
#define FIELD(name, tag, type, field, doc)                                     \
    { #field, doc, TYPE_##type, tag, offsetof(struct msg, name.field) },
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

/* ---- field access ---- */

static uint64_t *num_at(const struct msg *msg, const struct wire_field *f)
{
    return (uint64_t *)((uintptr_t)msg + f->offset);
}

static struct str *str_at(const struct msg *msg, const struct wire_field *f)
{
    return (struct str *)((uintptr_t)msg + f->offset);
}

uint64_t wire_key(const struct msg *msg)
{
    const struct wire_row *row = wire_row(msg->kind);

    assert(row && row->n && row->fields[0].type == TYPE_num);
    return *num_at(msg, &row->fields[0]);
}

/* ---- numbers ---- */

/* Bytes of a big-endian number without leading zeros; 0 for 0. */
static size_t num_len(uint64_t n)
{
    size_t len = 0;

    for (; n; n >>= 8)
        len++;
    return len;
}

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

/* Take a varint of at most 4 bytes off the front: tags and lengths are small. */
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

static size_t value_len(const struct msg *msg, const struct wire_field *f)
{
    return f->type == TYPE_num ? num_len(*num_at(msg, f)) : str_at(msg, f)->len;
}

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
        num_put(*num_at(msg, f), len, out + at);
    else
        memcpy(out + at, str_at(msg, f)->ptr, len);
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
    assert(scratch);
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

int wire_decode(struct msg *msg, struct str frame, struct wire_scratch *scratch)
{
    const struct wire_row *row;
    struct wire_head head;
    struct str body;

    if (scratch)
        scratch->len = 0;
    *msg = (struct msg){ .kind = KIND_NONE };
    if (frame.len < FRAME_HEAD || frame.len > FRAME_MAX)
        return -ERROR_BAD_FRAME;
    head = wire_head((const uint8_t *)frame.ptr);
    body = str_from(frame, FRAME_HEAD);
    if (head.len != body.len)
        return -ERROR_BAD_FRAME;
    msg->flags = head.flags;
    msg->request = head.request;
    row = wire_row(head.kind);
    if (!row)
        return -ERROR_UNSUPPORTED;
    msg->kind = row->kind;
    while (body.len) {
        const struct wire_field *field;
        uint32_t tag, len;
        int err;

        if (!varint_take(&body, &tag) || !varint_take(&body, &len) ||
            len > body.len)
            return -ERROR_BAD_FRAME;
        field = find_field(row, tag);
        err = field ? field_take(msg, field, str_bytes(body.ptr, len), scratch)
                    : 0;
        if (err)
            return err;
        body = str_from(body, len);
    }
    return 0;
}

/* ---- dump ---- */

static void field_dump(const struct msg *msg, const struct wire_field *f,
                       FILE *to)
{
    struct str s;

    if (value_len(msg, f) == 0)
        return;
    fprintf(to, " %s=", f->name);
    if (f->type == TYPE_num) {
        fprintf(to, "%llu", (unsigned long long)*num_at(msg, f));
        return;
    }
    s = *str_at(msg, f);
    if (f->type == TYPE_bin)
        fprintf(to, "<%zu>", s.len);
    else
        fprintf(to, "\"%.*s\"", STR_ARG(s));
}

void wire_dump(const struct msg *msg, FILE *to)
{
    const struct wire_row *row = wire_row(msg->kind);

    fputs(wire_name(msg->kind), to);
    if (msg->request)
        fprintf(to, " request=%u", (unsigned)msg->request);
    for (size_t i = 0; row && i < row->n; i++)
        field_dump(msg, &row->fields[i], to);
}

static const char *const FROM_NAMES[] = { "?", "client", "server", "both" };
static const char *const LANE_NAMES[] = { "control", "command",  "room",
                                          "bulk",    "presence", "state" };
static const char *const TYPE_NAMES[] = { "num", "line", "text", "bin" };

void wire_dump_schema(FILE *to)
{
    fprintf(to, "protocol %d\n", PROTOCOL_VERSION);
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++) {
        const struct wire_row *row = &WIRE_ROWS[i];

        fprintf(to, "\nmessage %u %s from=%s lane=%s since=%u\n",
                (unsigned)row->kind, row->name, FROM_NAMES[row->from],
                LANE_NAMES[row->lane], row->since);
        for (size_t j = 0; j < row->n; j++)
            fprintf(to, "    %u %s %s\n", row->fields[j].tag,
                    TYPE_NAMES[row->fields[j].type], row->fields[j].name);
    }
    fputc('\n', to);
#define RECORD(name, doc)               fputs("record " #name, to);
#define RFIELD(name, bytes, field, doc) fputs(" " #field ":" #bytes, to);
#define REND(name)                      fputc('\n', to);
#include "shared/messages.def"
    fputc('\n', to);
    for (size_t i = 0; i < WIRE_VALUES_LEN; i++)
        fprintf(to, "value %s %u %s\n", WIRE_VALUES[i].set, WIRE_VALUES[i].code,
                WIRE_VALUES[i].name);
    fputc('\n', to);
    for (size_t i = 0; i < ERR_ROWS_LEN; i++)
        fprintf(to, "error %u %s\n", (unsigned)ERR_ROWS[i].code,
                ERR_ROWS[i].name);
}

/* ---- random messages ---- */

static struct str random_text(uint64_t seed, char *arena, size_t cap)
{
    static const char *const PIECES[] = { "hi", "早上好", "é", "👍", " ", "x" };
    size_t len = 0;

    for (size_t n = seed % 9; n > 0; n--, seed /= 7) {
        const char *piece = PIECES[seed % (sizeof PIECES / sizeof *PIECES)];

        if (len + strlen(piece) > cap)
            break;
        memcpy(arena + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return str_bytes(arena, len);
}

void wire_random(struct msg *msg, uint64_t (*next)(void *), void *ctx,
                 char *arena, size_t cap)
{
    const struct wire_row *row = &WIRE_ROWS[next(ctx) % WIRE_ROWS_LEN];

    *msg = (struct msg){ .kind = row->kind, .request = (uint32_t)next(ctx) };
    for (size_t i = 0; i < row->n; i++) {
        const struct wire_field *f = &row->fields[i];
        struct str *s;

        if (f->type == TYPE_num) {
            *num_at(msg, f) = next(ctx) >> (next(ctx) % 64);
            continue;
        }
        s = str_at(msg, f);
        *s = random_text(next(ctx), arena, cap);
        arena += s->len;
        cap -= s->len;
    }
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

/* SPDX-License-Identifier: MIT
 *
 * Messages and the schema as text, for logs, traces and tests; see wire.h.
 */
#include "shared/error.h"
#include "shared/limits.h"
#include "shared/wire_impl.h"

/* Quoted, on one line whatever it holds. */
static void text_dump(struct str s, FILE *to)
{
    fputc('"', to);
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '\n': fputs("\\n", to); break;
        case '\t': fputs("\\t", to); break;
        case '"':
        case '\\':
            fputc('\\', to);
            fputc(s.ptr[i], to);
            break;
        default: fputc(s.ptr[i], to); break;
        }
    }
    fputc('"', to);
}

static void field_dump(const struct msg *msg, const struct wire_field *f,
                       FILE *to)
{
    if (value_len(msg, f) == 0)
        return;
    fprintf(to, " %s=", f->name);
    switch (f->type) {
    case TYPE_num:
        fprintf(to, "%llu", (unsigned long long)num_in(msg, f));
        break;
    case TYPE_line:
    case TYPE_text: text_dump(str_in(msg, f), to); break;
    case TYPE_bin: fprintf(to, "<%zu>", str_in(msg, f).len); break;
    }
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

static void messages_dump(FILE *to)
{
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++) {
        const struct wire_row *row = &WIRE_ROWS[i];

        fprintf(to, "\nmessage %u %s from=%s lane=%s since=%u\n",
                (unsigned)row->kind, row->name, FROM_NAMES[row->from],
                LANE_NAMES[row->lane], row->since);
        for (size_t j = 0; j < row->n; j++)
            fprintf(to, "    %u %s %s\n", row->fields[j].tag,
                    TYPE_NAMES[row->fields[j].type], row->fields[j].name);
    }
}

static void records_dump(FILE *to)
{
#define RECORD(name, doc)               fputs("record " #name, to);
#define RFIELD(name, bytes, field, doc) fputs(" " #field ":" #bytes, to);
#define REND(name)                      fputc('\n', to);
#include "shared/messages.def"
}

void wire_dump_schema(FILE *to)
{
    fprintf(to, "protocol %d\n", PROTOCOL_VERSION);
    messages_dump(to);
    fputc('\n', to);
    records_dump(to);
    fputc('\n', to);
    for (size_t i = 0; i < WIRE_VALUES_LEN; i++)
        fprintf(to, "value %s %u %s\n", WIRE_VALUES[i].set, WIRE_VALUES[i].code,
                WIRE_VALUES[i].name);
    fputc('\n', to);
    for (size_t i = 0; i < ERR_ROWS_LEN; i++)
        fprintf(to, "error %u %s\n", (unsigned)ERR_ROWS[i].code,
                ERR_ROWS[i].name);
    fputc('\n', to);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        fprintf(to, "limit %u %s %s\n", LIMIT_ROWS[i].code, LIMIT_ROWS[i].key,
                LIMIT_ROWS[i].unit);
}

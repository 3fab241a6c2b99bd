/* SPDX-License-Identifier: MIT
 *
 * The bytes between the wire and OpenSSL, which reads from and writes to a BIO
 * of ours: reads take from what was fed last, and a datagram is read whole;
 * writes are always taken whole, into a queue or straight to where the caller
 * wants them, since a write that is refused would be lost without a word.
 */
#include "shared/frame.h"
#include "shared/secure_impl.h"

enum { OUT_MAX = 64 * 1024 }; /* unsent handshake bytes of a datagram end */

static int on_read(BIO *bio, char *out, int cap)
{
    struct secure *s = BIO_get_data(bio);
    size_t n = s->fed.len < (size_t)cap ? s->fed.len : (size_t)cap;

    BIO_clear_retry_flags(bio);
    if (n == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, s->fed.ptr, n);
    s->fed = s->datagram ? str_of(NULL) : str_from(s->fed, n);
    return (int)n;
}

static int on_write(BIO *bio, const char *bytes, int len)
{
    struct secure *s = BIO_get_data(bio);
    struct frame *frame;

    BIO_clear_retry_flags(bio);
    if (s->direct) {
        if ((size_t)len <= s->direct_cap && s->direct_len == 0) {
            memcpy(s->direct, bytes, (size_t)len);
            s->direct_len = (size_t)len;
        }
        return len;
    }
    if (s->datagram && s->out.bytes + (size_t)len > OUT_MAX)
        return len; /* lost, as on the way: it goes again */
    frame = frame_raw(str_bytes(bytes, (size_t)len));
    outq_push(&s->out, frame);
    frame_unref(frame);
    return len;
}

static long on_control(BIO *bio, int command, long number, void *arg)
{
    (void)bio, (void)number, (void)arg;
    switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU: return DATAGRAM_MAX;
    default: return 0;
    }
}

static int on_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *secure_wire(void)
{
    BIO_METHOD *wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "chat");

    BIO_meth_set_read(wire, on_read);
    BIO_meth_set_write(wire, on_write);
    BIO_meth_set_ctrl(wire, on_control);
    BIO_meth_set_create(wire, on_create);
    return wire;
}

/* SPDX-License-Identifier: MIT
 *
 * Sizes that are part of the wire format or of a buffer.  Limits an operator
 * may change stand in limits.def.
 */
#ifndef SHARED_BOUNDS_H
#define SHARED_BOUNDS_H

enum {
    FRAME_HEAD = 12,      /* bytes before a frame's body */
    BODY_MAX = 64 * 1024, /* longest body, bytes */
    FRAME_MAX = FRAME_HEAD + BODY_MAX,
    TOKEN_LEN = 32,       /* bytes of a resume token */
    DATAGRAM_MAX = 1200,  /* UDP payload; fits any IPv6 path */
    NAME_MAX_BYTES = 255, /* no nick or room name is ever longer */
    MARKS_MAX = 4,        /* combining marks kept after a base */
    PROTOCOL_VERSION = 1,
    TCP_PORT = 8555,
    UDP_PORT = 9555,
};

#endif

/* SPDX-License-Identifier: MIT
 *
 * Hexadecimal; see hex.h.
 */
#include "shared/hex.h"

static const char DIGITS[] = "0123456789abcdef";

void hex_text(struct str bytes, char *out)
{
    for (size_t i = 0; i < bytes.len; i++) {
        *out++ = DIGITS[(unsigned char)bytes.ptr[i] >> 4];
        *out++ = DIGITS[(unsigned char)bytes.ptr[i] & 15];
    }
    *out = '\0';
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_parse(struct str text, uint8_t *out, size_t len)
{
    if (text.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = digit_of(text.ptr[2 * i]);
        int low = digit_of(text.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

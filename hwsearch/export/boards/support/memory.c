/*
 * memory.c: what a compiler may call even of freestanding code.
 */
#include <stddef.h>

void *memset(void *to, int value, size_t n);
void *memcpy(void *to, const void *from, size_t n);

void *memset(void *to, int value, size_t n)
{
    unsigned char *at = (unsigned char *)to;

    while (n-- > 0u) {
        *at++ = (unsigned char)value;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    unsigned char *at = (unsigned char *)to;
    const unsigned char *source = (const unsigned char *)from;

    while (n-- > 0u) {
        *at++ = *source++;
    }
    return to;
}

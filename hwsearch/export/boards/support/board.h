/*
 * board.h: what test firmware asks of a board. Files are those of the computer that emulates it (semihosting).
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Do a semihosting operation. */
uint32_t board_call(uint32_t operation, const void *arguments);

/* Return a counter of time or instructions, which wraps. */
uint32_t board_ticks(void);

/* Fill the unused stack with a pattern, from its end up to this function's frame. */
void board_paint(uint32_t *end);

/* Return how many bytes of the stack were ever used. */
uint32_t board_stack(void);

/* Leave the emulator; 0 is success. */
void board_exit(uint32_t code);

#endif

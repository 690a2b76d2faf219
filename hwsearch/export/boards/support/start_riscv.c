/*
 * start_riscv.c: from reset to main on a RISC-V of 32 bits, semihosting, and the counter of retired instructions.
 */
#include "board.h"

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_end[], stack_top[];

int main(void);
void started(void);

__attribute__((naked, section(".start"), used)) void reset(void)
{
    __asm__ volatile("la sp, stack_top\n"
                     "j started\n");
}

void started(void)
{
    uint32_t *to = data_start;
    const uint32_t *from = data_load;

    while (to < data_end) {
        *to++ = *from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0u;
    }
    board_paint(stack_end);
    board_exit((uint32_t)main());
    for (;;) {
    }
}

uint32_t board_ticks(void)
{
    uint32_t count;

    __asm__ volatile("csrr %0, minstret" : "=r"(count));
    return count;
}

uint32_t board_call(uint32_t operation, const void *arguments)
{
    register uint32_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = arguments;

    __asm__ volatile(".balign 16\n" /* the three must lie in one page, uncompressed */
                     ".option push\n"
                     ".option norvc\n"
                     "slli zero, zero, 0x1f\n"
                     "ebreak\n"
                     "srai zero, zero, 7\n"
                     ".option pop\n"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
}

/*
 * start_arm.c: from reset to main on a Cortex-M, semihosting, and SysTick as the counter of time.
 */
#include "board.h"

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_end[], stack_top[];

int main(void);

/* 24 bits that count down, and how often they did. */
#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define SYSTICK_BITS 24u

static volatile uint32_t wraps;

static void wrapped(void)
{
    wraps++;
}

uint32_t board_ticks(void)
{
    return ((wraps + 1u) << SYSTICK_BITS) - 1u - SYSTICK_VALUE;
}

static void wait_for_ever(void)
{
    for (;;) {
    }
}

void reset(void)
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
    SYSTICK_RELOAD = (1u << SYSTICK_BITS) - 1u;
    SYSTICK_VALUE = 0u;
    SYSTICK_CONTROL = 7u; /* the processor's clock, with an interrupt, on */
    board_exit((uint32_t)main());
    wait_for_ever();
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, reset, wait_for_ever, wait_for_ever, wait_for_ever, wait_for_ever, wait_for_ever, 0,
    0, 0, 0, wait_for_ever, wait_for_ever, 0, wait_for_ever, wrapped,
};

uint32_t board_call(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

/*
 * main.c: traces the samples of inputs.bin into trace.bin, and the ticks of each timestep into ticks.bin, the stack last.
 */
#include "board.h"
#include "snn_trace.h"

#define OPEN 0x01u
#define CLOSE 0x02u
#define WRITE 0x05u
#define READ 0x06u
#define EXIT 0x18u
#define FINISHED 0x20026u
#define FAILED 0x20023u
#define READ_BINARY 1u
#define WRITE_BINARY 5u
#define WORDS 32u
#define PATTERN 0xA5A5A5A5u

extern uint32_t stack_end[], stack_top[];

void snn_counting(uint8_t on);

typedef struct {
    uint32_t handle;
    uint32_t count;
    int32_t words[WORDS];
} output;

static uint32_t inputs;
static output trace, ticks;
static uint32_t since;

void board_paint(uint32_t *end)
{
    volatile uint32_t here = 0u;
    volatile uint32_t *at;

    for (at = end; at < &here - 16; at++) { /* this frame, and what lies below on some cores, is in use */
        *at = PATTERN;
    }
}

uint32_t board_stack(void)
{
    const uint32_t *at = stack_end;

    while ((at < stack_top) && (*at == PATTERN)) {
        at++;
    }
    return (uint32_t)(stack_top - at) * 4u;
}

void board_exit(uint32_t code)
{
    (void)board_call(EXIT, (const void *)((code == 0u) ? FINISHED : FAILED));
}

static uint32_t opened(const char *name, uint32_t length, uint32_t mode)
{
    const uint32_t arguments[3] = { (uint32_t)(uintptr_t)name, mode, length };

    return board_call(OPEN, arguments);
}

static uint32_t flushed(output *to)
{
    const uint32_t arguments[3] = { to->handle, (uint32_t)(uintptr_t)to->words, to->count * 4u };
    uint32_t left = 0u;

    if (to->count != 0u) {
        left = board_call(WRITE, arguments);
    }
    to->count = 0u;
    return left;
}

static void put_word(output *to, int32_t value)
{
    to->words[to->count] = value;
    to->count++;
    if (to->count == WORDS) {
        (void)flushed(to);
    }
}

static void put(int32_t value)
{
    put_word(&trace, value);
}

static uint8_t get(void *to, uint32_t n)
{
    const uint32_t arguments[3] = { inputs, (uint32_t)(uintptr_t)to, n };

    return (board_call(READ, arguments) == 0u) ? 1u : 0u;
}

void snn_counting(uint8_t on)
{
    const uint32_t now = board_ticks();

    if (on != 0u) {
        since = board_ticks();
    } else {
        put_word(&ticks, (int32_t)(now - since));
    }
}

int main(void)
{
    uint32_t n;

    inputs = opened("inputs.bin", 10u, READ_BINARY);
    trace.handle = opened("trace.bin", 9u, WRITE_BINARY);
    ticks.handle = opened("ticks.bin", 9u, WRITE_BINARY);
    for (n = 0u; n < 4u; n++) { /* what counting alone takes */
        snn_counting(1u);
        snn_counting(0u);
    }
    while (snn_trace(get, put) != 0u) {
    }
    put_word(&ticks, (int32_t)board_stack());
    return (flushed(&trace) + flushed(&ticks) == 0u) ? 0 : 1;
}

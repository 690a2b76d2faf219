/* Convolution of spikes, forward. The weights of one tap from four input channels enter an output as one of sixteen sums,
   which are looked up (method of the four Russians: Arlazarov, Dinic, Kronrod, Faradzev 1970): a cell's spikes in four
   channels are the place in a table, so that there is no product and no branch, however many fire. */

#include "conv.h"

#define JOINT 4     /* channels of a look-up */
#define CASES 16    /* 2 ^ JOINT */
#define TOGETHER 4  /* cells at a time: their sums are in registers */
#define LOOKUPS 256 /* groups of channels times taps */

/* The look-ups of a cell: where the code of each is, and its sums. */
struct lookups {
    long n, code[LOOKUPS];
    float table[LOOKUPS][CASES][WIDTH] __attribute__((aligned(64)));
};

/* Fills the table with sums of weights w [O, C, taps] into WIDTH output channels from the first on. */
static void tabulate(const struct grid *g, const float *w, struct lookups *l, long C, long O, long first) {
    for (long i = 0; i < l->n; i++) {
        long group = i / g->taps * JOINT, t = i % g->taps;
        memset(l->table[i][0], 0, sizeof l->table[i][0]);
        for (long j = 0, known = 1; j < JOINT; j++, known *= 2) {
            float row[WIDTH] = {0};
            for (long o = 0; o < WIDTH && first + o < O && group + j < C; o++)
                row[o] = w[((first + o) * C + group + j) * g->taps + t];
            for (long a = 0; a < known; a++)
                for (long o = 0; o < WIDTH; o++) l->table[i][known + a][o] = l->table[i][a][o] + row[o];
        }
    }
}

/* One frame's planes into the grids of all groups and phases, step apart; returns whether all numbers are 0 or 1. */
static int encode(const struct grid *g, const float *in, float *to, long C, long in_size, long step) {
    float code[ROOM];
    int wrong = 0;
    for (long c = 0; c < C; c++, in += in_size) {
        float worth = (float)(WIDTH << c % JOINT);
        for (long i = 0; i < in_size; i++) {
            wrong |= in[i] * (in[i] - 1.0f) != 0.0f;
            code[i] = c % JOINT ? code[i] + worth * in[i] : worth * in[i];
        }
        if (c % JOINT < JOINT - 1 && c < C - 1) continue;
        for (long p = 0; p < g->phases; p++, to += step) lay(g->read + p, code, to, g->wide);
    }
    return !wrong;
}

/* start + the sums that are looked up, for TOGETHER cells from a place on. */
static void look_up(const struct lookups *l, const int *codes, const float *start, float *to) {
    lanes sums[TOGETHER][2];
#pragma GCC unroll 4
    for (int c = 0; c < TOGETHER; c++) sums[c][0] = load(start), sums[c][1] = load(start + LANES);
    for (long i = 0; i < l->n; i++) {
        const int *code = codes + l->code[i];
        const float *rows = l->table[i][0];
#pragma GCC unroll 4
        for (int c = 0; c < TOGETHER; c++) {
            sums[c][0] += load(rows + code[c]);
            sums[c][1] += load(rows + code[c] + LANES);
        }
    }
#pragma GCC unroll 4
    for (int c = 0; c < TOGETHER; c++) store(to + c * WIDTH, sums[c][0]), store(to + c * WIDTH + LANES, sums[c][1]);
}

/* WIDTH output planes of a run of n cells, step apart in out. */
static void run(const struct lookups *l, const int *codes, const float *start, float *out, long n, long step) {
    float cells[LANES * WIDTH];
    for (long at = 0; at < n; at += LANES) {
        for (long c = 0; c < LANES; c += TOGETHER) look_up(l, codes + at + c, start, cells + c * WIDTH);
        transpose(cells, WIDTH, out + at, step);
        transpose(cells + LANES, WIDTH, out + LANES * step + at, step);
    }
}

/* Whether the look-ups of a shape fit. */
static int fits(const struct grid *g, long C) {
    long groups = (C + JOINT - 1) / JOINT;
    return groups * g->taps <= LOOKUPS && groups * g->phases * reach(g, 1) <= ROOM && WIDTH * reach(g, 1) <= ROOM;
}

int conv_of_spikes(const struct grid *g, const float *in, const float *w, const float *bias, float *out, long N, long C, long O,
                   long in_size, long out_size) {
    long grids = (C + JOINT - 1) / JOINT * g->phases, frames = chunk(g, grids > WIDTH ? grids : WIDTH, N);
    long step = reach(g, frames);
    float codes[ROOM], written[ROOM];
    int places[ROOM];
    struct lookups l;
    if (!fits(g, C)) return 0;
    l.n = grids / g->phases * g->taps;
    for (long i = 0; i < l.n; i++)
        l.code[i] = (i / g->taps * g->phases + g->phase[i % g->taps]) * step + g->lead + g->shift[i % g->taps];
    memset(codes, 0, sizeof(float) * grids * step);
    for (long s = 0; s < N; s += frames) {
        long now = N - s < frames ? N - s : frames;
        for (long f = 0; f < now; f++)
            if (!encode(g, in + (s + f) * C * in_size, codes + g->lead + f * g->plane, C, in_size, step)) return 0;
        for (long i = 0; i < grids * step; i++) places[i] = (int)codes[i];
        for (long o = 0; o < O; o += WIDTH) {
            float start[WIDTH] = {0};
            for (long j = 0; bias && j < WIDTH && o + j < O; j++) start[j] = bias[o + j];
            if (s == 0 || O > WIDTH) tabulate(g, w, &l, C, O, o);
            run(&l, places, start, written, now * g->plane, step);
            for (long f = 0; f < now; f++)
                for (long j = 0; j < WIDTH && o + j < O; j++)
                    take(&g->written, written + j * step + f * g->plane, out + ((s + f) * O + o + j) * out_size, g->wide);
        }
    }
    return 1;
}

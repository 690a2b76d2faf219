/* Convolution of few channels on small maps: forward, and the gradient of what was read. Of each output plane, the runs
   (see conv.h) of all weights that are not zero (pruned, or quantised to it) are added up in registers, in an order that
   depends on nothing else in the stack. */

#include "conv.h"

#define DENSE 3 /* one weight of so many that is not zero makes sums worth a table */

/* A weight that is not zero, and where it reads. */
struct term {
    int from;
    float weight;
};

/* The terms of all output planes, one after the other. */
struct terms {
    struct term term[WEIGHTS];
    long end[CHANNELS];
};

/* One block of a run: start + sum of the terms. */
static inline __attribute__((always_inline)) void add_up(const struct term *terms, long n, float start,
                                                         const float *restrict from, float *restrict to, const int size) {
    lanes sums[RUN];
#pragma GCC unroll 12
    for (int i = 0; i < size; i++) sums[i] = spread(start);
    for (long a = 0; a < n; a++) {
        const float *run = from + terms[a].from;
        lanes weight = spread(terms[a].weight);
        __asm__("" : "+r"(run)); /* one address with constant distances, not one for each vector */
#pragma GCC unroll 12
        for (int i = 0; i < size; i++) sums[i] = fused(weight, load(run + i * LANES), sums[i]);
    }
#pragma GCC unroll 12
    for (int i = 0; i < size; i++) store(to + i * LANES, sums[i]);
}

/* All output planes of a run of n cells; in and out are step and n apart, block by block, which stays in the cache. */
static __attribute__((noinline)) void run(const struct terms *terms, long planes, const float *start, const float *in,
                                          float *out, long n, long step) {
    for (long at = 0; at < n; at += RUN * LANES)
        for (long p = 0, from = 0; p < planes; from = terms->end[p++]) {
            float first = start ? start[p] : 0.0f;
            if (n - at <= RUN / 3 * LANES)
                add_up(terms->term + from, terms->end[p] - from, first, in + at, out + p * step + at, RUN / 3);
            else add_up(terms->term + from, terms->end[p] - from, first, in + at, out + p * step + at, RUN);
        }
}

/* One candidate: in [N, C, ...], w [O, C, taps], out [N, O, ...]. */
static void forward(const struct grid *g, const float *in, const float *w, const float *bias, float *out, long N, long C,
                    long O, long in_size, long out_size) {
    long frames = chunk(g, C * g->phases > O ? C * g->phases : O, N), step = reach(g, frames), n = 0;
    float read[ROOM], written[ROOM];
    struct terms terms;
    for (long o = 0; o < O; terms.end[o++] = n)
        for (long i = 0; i < C * g->taps; i++, w++)
            if (*w != 0.0f) {
                long t = i % g->taps, plane = i / g->taps * g->phases + g->phase[t];
                terms.term[n++] = (struct term){(int)(plane * step + g->lead + g->shift[t]), *w};
            }
    memset(read, 0, sizeof(float) * C * g->phases * step);
    for (long s = 0; s < N; s += frames) {
        long now = N - s < frames ? N - s : frames;
        for (long f = 0; f < now; f++)
            for (long p = 0; p < C * g->phases; p++)
                lay(g->read + p % g->phases, in + ((s + f) * C + p / g->phases) * in_size,
                    read + p * step + g->lead + f * g->plane, g->wide);
        run(&terms, O, bias, read, written, now * g->plane, step);
        for (long f = 0; f < now; f++)
            for (long o = 0; o < O; o++)
                take(&g->written, written + o * step + f * g->plane, out + ((s + f) * O + o) * out_size, g->wide);
    }
}

/* As above, where all that is read is 0 or 1: see conv_spikes.c. Returns whether it was done. */
int conv_of_spikes(const struct grid *g, const float *in, const float *w, const float *bias, float *out, long N, long C, long O,
                   long in_size, long out_size);

/* Whether enough weights are not zero. */
static int dense(const float *w, long n) {
    long count = 0;
    for (long i = 0; i < n; i++) count += w[i] != 0.0f;
    return count * DENSE >= n;
}

/* x [K, N, C, height, width], or [N, ...] when shared; w [K, O, C, rows, columns]; bias [K, O] or none; out [K, N, O, ...]. */
void conv_forward(const float *x, const float *w, const float *bias, float *out, long K, long N, long C, long O, int shared,
                  long height, long width, long rows, long columns, long down, long across) {
    struct grid g = grid_of(height, width, rows, columns, down, across);
    long in = height * width, to = g.written.rows * g.written.columns;
    for (long k = 0; k < K; k++) {
        const float *from = x + (shared ? 0 : k * N * C * in), *weight = w + k * O * C * g.taps;
        const float *start = bias ? bias + k * O : 0;
        float *written = out + k * N * O * to;
        if (!dense(weight, O * C * g.taps) || !conv_of_spikes(&g, from, weight, start, written, N, C, O, in, to))
            forward(&g, from, weight, start, written, N, C, O, in, to);
    }
}

/* The gradient of what one candidate read: see forward. */
static void read_back(const struct grid *g, const float *grad, const float *w, float *dx, long N, long C, long O,
                      long in_size, long out_size) {
    long planes = C * g->phases, frames = chunk(g, planes > O ? planes : O, N), step = reach(g, frames), n = 0;
    float given[ROOM], back[ROOM];
    struct terms terms;
    for (long p = 0; p < planes; terms.end[p++] = n)
        for (long i = 0; i < O * g->taps; i++) {
            long o = i / g->taps, t = i % g->taps;
            float weight = w[(o * C + p / g->phases) * g->taps + t];
            if (weight != 0.0f && g->phase[t] == p % g->phases)
                terms.term[n++] = (struct term){(int)(o * step + g->lead - g->shift[t]), weight};
        }
    memset(given, 0, sizeof(float) * O * step);
    for (long s = 0; s < N; s += frames) {
        long now = N - s < frames ? N - s : frames;
        for (long f = 0; f < now; f++)
            for (long o = 0; o < O; o++)
                lay(&g->written, grad + ((s + f) * O + o) * out_size, given + o * step + g->lead + f * g->plane, g->wide);
        run(&terms, planes, 0, given, back, now * g->plane, step);
        for (long f = 0; f < now; f++)
            for (long p = 0; p < planes; p++)
                take(g->read + p % g->phases, back + p * step + f * g->plane, dx + ((s + f) * C + p / g->phases) * in_size,
                     g->wide);
    }
}

/* The gradient of what conv_forward read, like its x, from grad, like its out. */
void conv_read_back(const float *grad, const float *w, float *dx, long K, long N, long C, long O, long height, long width,
                    long rows, long columns, long down, long across) {
    struct grid g = grid_of(height, width, rows, columns, down, across);
    long in = height * width, to = g.written.rows * g.written.columns;
    for (long k = 0; k < K; k++)
        read_back(&g, grad + k * N * O * to, w + k * O * C * g.taps, dx + k * N * C * in, N, C, O, in, to);
}

/* Whether convolutions of a shape fit the room that there is. */
int conv_fits(long C, long O, long height, long width, long rows, long columns, long down, long across) {
    if (rows * columns > TAPS || down * across > TAPS || height * width > ROOM) return 0;
    long blocks = (O + WIDTH - 1) / WIDTH, planes = O > C * down * across ? O : C * down * across;
    if (C * rows * columns * blocks * WIDTH > WEIGHTS) return 0;
    struct grid g = grid_of(height, width, rows, columns, down, across);
    if (planes > CHANNELS || (planes > WIDTH ? planes : WIDTH) * reach(&g, 1) > ROOM || g.plane > CELLS) return 0;
    return (g.plane + 2 * g.lead + LANES) * blocks * WIDTH <= ROOM;
}

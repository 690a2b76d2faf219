/* Convolution of few channels on small maps: the gradients of the weights and biases. What was read is spikes, most of them
   zero: for each number that is not, the gradients of all output channels at its taps are added up in registers, in an
   order that depends on nothing else in the stack. */

#include "conv.h"

/* A number that was read and is not zero, and where the gradients of its cell are. */
struct event {
    int at;
    float value;
};

/* What is not zero in one phase of a channel over some frames, which lie apart. */
static long events_of(const struct grid *g, const struct view *v, const float *plane, long apart, long frames,
                      struct event *events) {
    long count = 0;
    for (long f = 0; f < frames; f++)
        for (long y = 0; y < v->rows; y++) {
            const float *row = plane + f * apart + v->begin + y * v->down * v->width;
            int at = (int)((f * g->plane + y * g->wide) * WIDE * LANES);
            for (long x = 0; x < v->columns; x++, at += WIDE * LANES) {
                events[count] = (struct event){at, row[x * v->across]};
                count += row[x * v->across] != 0.0f;
            }
        }
    return count;
}

/* Adds the gradients of WIDE vectors of channels at some taps of each event to the taps' sums. */
static inline __attribute__((always_inline)) void add_events(const struct event *events, long n, const float *const *given,
                                                             float *const *sums, const int taps) {
    lanes total[6][WIDE];
    const float *from[6];
#pragma GCC unroll 6
    for (int t = 0; t < taps; t++) {
        from[t] = given[t];
#pragma GCC unroll 2
        for (int i = 0; i < WIDE; i++) total[t][i] = load(sums[t] + i * LANES);
    }
    for (long e = 0; e < n; e++) {
        lanes value = spread(events[e].value);
#pragma GCC unroll 6
        for (int t = 0; t < taps; t++)
#pragma GCC unroll 2
            for (int i = 0; i < WIDE; i++)
                total[t][i] = fused(value, load(from[t] + events[e].at + i * LANES), total[t][i]);
    }
#pragma GCC unroll 6
    for (int t = 0; t < taps; t++)
#pragma GCC unroll 2
        for (int i = 0; i < WIDE; i++) store(sums[t] + i * LANES, total[t][i]);
}

/* As above, for any number of taps. */
static void add_taps(const struct event *events, long n, const float *const *given, float *const *sums, long taps) {
    for (; taps > 6; taps -= 6, given += 6, sums += 6) add_events(events, n, given, sums, 6);
    switch (taps) {
    case 1: add_events(events, n, given, sums, 1); break;
    case 2: add_events(events, n, given, sums, 2); break;
    case 3: add_events(events, n, given, sums, 3); break;
    case 4: add_events(events, n, given, sums, 4); break;
    case 5: add_events(events, n, given, sums, 5); break;
    case 6: add_events(events, n, given, sums, 6); break;
    }
}

/* Gradients of a frame's planes into cells with all channels of a block side by side; block after block, apart. */
static void lay_cells(const struct grid *g, const float *restrict planes, float *restrict to, long O, long apart) {
    const struct view *v = &g->written;
    for (long o = 0; o < O; o++) {
        float *cell = to + o / (WIDE * LANES) * apart + o % (WIDE * LANES);
        for (long y = 0; y < v->rows; y++)
            for (long x = 0; x < v->columns; x++) cell[(y * g->wide + x) * WIDE * LANES] = *planes++;
    }
}

/* One chunk of frames: adds to sums [C, taps, blocks, WIDE * LANES]. */
static void add_chunk(const struct grid *g, const float *x, const float *cells, float *sums, long frames, long C, long blocks,
                      long in_size, long apart) {
    struct event events[ROOM / (WIDE * LANES)];
    for (long c = 0; c < C; c++)
        for (long p = 0; p < g->phases; p++) {
            const float *given[TAPS];
            float *to[TAPS];
            long n = events_of(g, g->read + p, x + c * in_size, C * in_size, frames, events);
            for (long b = 0; b < blocks && n > 0; b++) {
                long taps = 0;
                for (long t = 0; t < g->taps; t++)
                    if (g->phase[t] == p) {
                        given[taps] = cells + b * apart + (g->lead - g->shift[t]) * WIDE * LANES;
                        to[taps++] = sums + ((c * g->taps + t) * blocks + b) * WIDE * LANES;
                    }
                add_taps(events, n, given, to, taps);
            }
        }
}

/* One candidate: grad [N, O, ...], x [N, C, ...], dw [O, C, taps], dbias [O]. */
static void weights_back(const struct grid *g, const float *grad, const float *x, float *dw, float *dbias, long N, long C,
                         long O, long in_size, long out_size) {
    const long width = WIDE * LANES, blocks = (O + width - 1) / width, size = C * g->taps * blocks * width;
    long frames = NEAREST / (g->plane * width), pending = 0, apart;
    frames = frames < 1 ? 1 : frames < N ? frames : N;
    apart = (frames * g->plane + 2 * g->lead) * width;
    float cells[ROOM], sums[WEIGHTS];
    double total[WEIGHTS];
    memset(cells, 0, sizeof(float) * blocks * apart);
    memset(sums, 0, sizeof(float) * size);
    memset(total, 0, sizeof(double) * size);
    for (long s = 0; s < N; s += frames) {
        long now = N - s < frames ? N - s : frames;
        for (long f = 0; f < now; f++)
            lay_cells(g, grad + (s + f) * O * out_size, cells + (g->lead + f * g->plane) * width, O, apart);
        add_chunk(g, x + s * C * in_size, cells, sums, now, C, blocks, in_size, apart);
        pending += now * g->plane;
        if (pending < FLUSH && s + now < N) continue;
        for (long i = 0; i < size; i++) total[i] += sums[i], sums[i] = 0.0f;
        pending = 0;
    }
    for (long o = 0; o < O; o++) {
        double bias = 0.0;
        for (long i = 0; i < C * g->taps; i++) dw[o * C * g->taps + i] = (float)total[i * blocks * width + o];
        for (long s = 0; s < N; s++) {
            lanes parts = {0};
            const float *plane = grad + (s * O + o) * out_size;
            long i = 0;
            for (; i + LANES <= out_size; i += LANES) parts += load(plane + i);
            for (long j = 0; j < LANES; j++) bias += parts[j];
            for (; i < out_size; i++) bias += plane[i];
        }
        dbias[o] = (float)bias;
    }
}

/* The gradients of conv_forward's weights and biases from grad, like its out. */
void conv_weights_back(const float *grad, const float *x, float *dw, float *dbias, long K, long N, long C, long O, int shared,
                       long height, long width, long rows, long columns, long down, long across) {
    struct grid g = grid_of(height, width, rows, columns, down, across);
    long in = height * width, to = g.written.rows * g.written.columns;
    for (long k = 0; k < K; k++)
        weights_back(&g, grad + k * N * O * to, x + (shared ? 0 : k * N * C * in), dw + k * O * C * g.taps, dbias + k * O, N,
                     C, O, in, to);
}

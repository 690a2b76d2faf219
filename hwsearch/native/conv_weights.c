/* Convolution of few channels on small maps: the gradients of the weights and biases. What was read is spikes, most of them
   zero: for each number that is not, the gradients of all output channels at its taps are added up in registers, in an
   order that depends on nothing else in the stack. */

#include "conv.h"

#define NEAREST 384 /* cells of a chunk of frames: their gradients stay in the nearest cache */
#define FLUSH 2048  /* cells whose sums are added up in single precision */
#define WIDE (WIDTH / LANES)

/* Numbers that were read and are not zero, and where the gradients of their cells begin. */
struct events {
    long n;
    int at[CELLS + LANES];
    float value[CELLS + LANES];
};

/* Adds what is not zero among n numbers; places are those of their cells in a frame, which begins at a place itself. */
static void find_events(struct events *e, const float *values, const int *places, int begin, long n) {
    long i = 0, count = e->n;
#if defined(__AVX2__) && defined(__BMI2__)
    for (; i + LANES <= n; i += LANES) {
        __m256 v = _mm256_loadu_ps(values + i);
        __m256i at = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(places + i)), _mm256_set1_epi32(begin));
        unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ));
        unsigned long long bytes = _pdep_u64(mask, 0x0101010101010101u) * 255u; /* the places of those that are not zero */
        bytes = _pext_u64(0x0706050403020100u, bytes);
        __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
        _mm256_storeu_si256((__m256i *)(e->at + count), _mm256_permutevar8x32_epi32(at, order));
        _mm256_storeu_ps(e->value + count, _mm256_permutevar8x32_ps(v, order));
        count += __builtin_popcount(mask);
    }
#endif
    for (; i < n; i++) {
        e->at[count] = places[i] + begin;
        e->value[count] = values[i];
        count += values[i] != 0.0f;
    }
    e->n = count;
}

/* Adds the gradients of WIDE vectors of channels at some taps of each event to the taps' sums. */
static inline __attribute__((always_inline)) void add_events(const struct events *events, const float *const *given,
                                                             float *const *sums, const int taps) {
    lanes total[6][WIDE];
    const float *from[6];
#pragma GCC unroll 6
    for (int t = 0; t < taps; t++) {
        from[t] = given[t];
#pragma GCC unroll 2
        for (int i = 0; i < WIDE; i++) total[t][i] = spread(0.0f);
    }
    for (long e = 0; e < events->n; e++) {
        lanes value = spread(events->value[e]);
        long at = events->at[e];
#pragma GCC unroll 6
        for (int t = 0; t < taps; t++)
#pragma GCC unroll 2
            for (int i = 0; i < WIDE; i++)
                total[t][i] = fused(value, load(from[t] + at + i * LANES), total[t][i]);
    }
#pragma GCC unroll 6
    for (int t = 0; t < taps; t++)
#pragma GCC unroll 2
        for (int i = 0; i < WIDE; i++) store(sums[t] + i * LANES, load(sums[t] + i * LANES) + total[t][i]);
}

/* As above, for any number of taps. */
static void add_taps(const struct events *events, const float *const *given, float *const *sums, long taps) {
    for (; taps > 6; taps -= 6, given += 6, sums += 6) add_events(events, given, sums, 6);
    switch (taps) {
    case 1: add_events(events, given, sums, 1); break;
    case 2: add_events(events, given, sums, 2); break;
    case 3: add_events(events, given, sums, 3); break;
    case 4: add_events(events, given, sums, 4); break;
    case 5: add_events(events, given, sums, 5); break;
    case 6: add_events(events, given, sums, 6); break;
    }
}

/* What is laid out for one candidate after the other. */
struct space {
    float rows[ROOM], phase[ROOM], sums[WEIGHTS];
    float cells[ROOM] __attribute__((aligned(64))); /* [blocks, cells, channels of a block] */
    double total[WEIGHTS];
    int places[ROOM]; /* in a frame's cells, of what is read: phase after phase */
    struct events events;
};

static void find_places(const struct grid *g, int *places) {
    for (long p = 0; p < g->phases; p++)
        for (long y = 0; y < g->read[p].rows; y++)
            for (long x = 0; x < g->read[p].columns; x++) *places++ = (int)((y * g->wide + x) * WIDTH);
}

/* The gradients of a chunk of frames into cells with all channels of a block side by side; block after block, apart. */
static void lay_cells(const struct grid *g, const float *grad, struct space *room, long frames, long O, long out_size,
                      long step, long apart) {
    for (long first = 0; first < O; first += WIDTH) {
        float *to = room->cells + first / WIDTH * apart + g->lead * WIDTH;
        for (long o = first; o < O && o < first + WIDTH; o++)
            for (long f = 0; f < frames; f++)
                lay(&g->written, grad + (f * O + o) * out_size, room->rows + (o - first) * step + f * g->plane, g->wide);
        for (long at = 0; at < frames * g->plane; at += LANES)
            for (long o = 0; o < WIDTH; o += LANES)
                transpose(room->rows + o * step + at, step, to + at * WIDTH + o, WIDTH);
    }
}

/* One chunk of frames: adds to the sums [C, taps, blocks, WIDTH]. */
static void add_chunk(const struct grid *g, const float *x, struct space *room, long frames, long C, long blocks, long in_size,
                      long apart) {
    for (long c = 0; c < C; c++) {
        const int *places = room->places;
        for (long p = 0; p < g->phases; places += g->read[p].rows * g->read[p].columns, p++) {
            const struct view *v = g->read + p;
            const float *given[TAPS];
            float *to[TAPS];
            room->events.n = 0;
            for (long f = 0; f < frames; f++) {
                const float *plane = x + (f * C + c) * in_size;
                if (g->phases > 1) lay(v, plane, room->phase, v->columns), plane = room->phase;
                find_events(&room->events, plane, places, (int)(f * g->plane * WIDTH), v->rows * v->columns);
            }
            for (long b = 0; b < blocks; b++) {
                long taps = 0;
                for (long t = 0; t < g->taps; t++)
                    if (g->phase[t] == p) {
                        given[taps] = room->cells + b * apart + (g->lead - g->shift[t]) * WIDTH;
                        to[taps++] = room->sums + ((c * g->taps + t) * blocks + b) * WIDTH;
                    }
                add_taps(&room->events, given, to, taps);
            }
        }
    }
}

static float total(const float *grad, long N, long apart, long size) {
    double sum = 0.0;
    for (long s = 0; s < N; s++, grad += apart) {
        lanes parts = {0};
        long i = 0;
        for (; i + LANES <= size; i += LANES) parts += load(grad + i);
        sum += added(parts);
        for (; i < size; i++) sum += grad[i];
    }
    return (float)sum;
}

/* One candidate: grad [N, O, ...], x [N, C, ...], dw [O, C, taps], dbias [O]. */
static void weights_back(const struct grid *g, const float *grad, const float *x, float *dw, float *dbias, long N, long C,
                         long O, long in_size, long out_size) {
    long blocks = (O + WIDTH - 1) / WIDTH, size = C * g->taps * blocks * WIDTH, pending = 0;
    long frames = NEAREST / g->plane, apart;
    struct space room;
    frames = frames < 1 ? 1 : frames < N ? frames : N;
    apart = (frames * g->plane + 2 * g->lead + LANES) * WIDTH;
    memset(room.rows, 0, sizeof(float) * WIDTH * reach(g, frames));
    memset(room.cells, 0, sizeof(float) * blocks * apart);
    memset(room.sums, 0, sizeof(float) * size);
    memset(room.total, 0, sizeof(double) * size);
    find_places(g, room.places);
    for (long s = 0; s < N; s += frames) {
        long now = N - s < frames ? N - s : frames;
        lay_cells(g, grad + s * O * out_size, &room, now, O, out_size, reach(g, frames), apart);
        add_chunk(g, x + s * C * in_size, &room, now, C, blocks, in_size, apart);
        pending += now * g->plane;
        if (pending < FLUSH && s + now < N) continue;
        for (long i = 0; i < size; i++) room.total[i] += room.sums[i], room.sums[i] = 0.0f;
        pending = 0;
    }
    for (long o = 0; o < O; o++) {
        for (long i = 0; i < C * g->taps; i++) dw[o * C * g->taps + i] = (float)room.total[i * blocks * WIDTH + o];
        dbias[o] = total(grad + o * out_size, N, O * out_size, out_size);
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

/* Grids of cells for convolutions. Planes lie in a grid with one cell for each neuron that is written, with margins of zeros
   that neighbouring rows and frames share, so that a tap is one long run over many frames, borders included. A stride parts
   the map that is read into phases, each of the size of what is written, so that a tap is a run there as well. */

#include "lanes.h"

#define ROOM 65536          /* numbers of the grids of one chunk of frames */
#define WEIGHTS 36864       /* of one candidate, output channels filled up to blocks of WIDTH */
#define WIDTH (2 * LANES)   /* output channels that are added up side by side */
#define CELLS 4096          /* of a frame */
#define TAPS 64             /* of a filter */
#define CHANNELS 512        /* planes: channels times phases */
#define RUN 12              /* vectors of a run that are added up side by side */
#define SLACK (RUN * LANES) /* behind a run: it is rounded up to whole blocks, and what they give there is not used */

/* Of one plane of which every down-th row and every across-th column is meant. */
struct view {
    long begin, width, rows, columns, down, across;
};

struct grid {
    struct view read[TAPS], written; /* of the phases, and of what is written */
    long wide, plane, lead;          /* cells of a row, of a frame, and before the first one */
    long taps, phases;
    long phase[TAPS], shift[TAPS]; /* of a tap: the phase that it reads, and how many cells on */
};

static inline long floored(long a, long b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

static inline struct grid grid_of(long height, long width, long rows, long columns, long down, long across) {
    long to_rows = (height - 1) / down + 1, to_columns = (width - 1) / across + 1;
    long low = (rows / 2 + down - 1) / down, right = (columns / 2 + across - 1) / across;
    struct grid g = {.written = {0, to_columns, to_rows, to_columns, 1, 1}, .wide = to_columns + right,
                     .taps = rows * columns, .phases = down * across};
    g.plane = (to_rows + low) * g.wide;
    g.lead = low * g.wide + right;
    for (long p = 0; p < g.phases; p++) {
        long y = p / across, x = p % across;
        g.read[p] = (struct view){y * width + x, width, (height - y + down - 1) / down, (width - x + across - 1) / across,
                                  down, across};
    }
    for (long t = 0; t < g.taps; t++) {
        long y = t / columns - rows / 2, x = t % columns - columns / 2;
        long on = floored(y, down), beside = floored(x, across);
        g.phase[t] = (y - on * down) * across + x - beside * across;
        g.shift[t] = on * g.wide + beside;
    }
    return g;
}

/* Numbers of a grid of frames with all that may be touched around it. */
static inline long reach(const struct grid *g, long frames) { return frames * g->plane + 2 * g->lead + SLACK; }

static inline void lay(const struct view *v, const float *restrict plane, float *restrict to, long wide) {
    plane += v->begin;
    for (long y = 0; y < v->rows; y++, plane += v->down * v->width, to += wide)
        if (v->across == 1) copy(to, plane, v->columns);
        else
            for (long x = 0; x < v->columns; x++) to[x] = plane[x * v->across];
}

static inline void take(const struct view *v, const float *restrict from, float *restrict plane, long wide) {
    plane += v->begin;
    for (long y = 0; y < v->rows; y++, plane += v->down * v->width, from += wide)
        if (v->across == 1) copy(plane, from, v->columns);
        else
            for (long x = 0; x < v->columns; x++) plane[x * v->across] = from[x];
}

/* Frames of a chunk: as many as fit, n at most. */
static inline long chunk(const struct grid *g, long planes, long n) {
    long frames = (ROOM / planes - 2 * g->lead - SLACK) / g->plane;
    return frames < 1 ? 1 : frames < n ? frames : n;
}

/* Depthwise convolution: one filter a channel, forward and backward. A plane is laid into a frame of zeros, so that each tap
   is one long run over the plane, borders included; what runs over the end of a row is left out. A stride computes rows
   that are wanted, and leaves out columns; backward its gradients stand between zeros. */

#include <math.h>

#include "lanes.h"

#define PLANE 16384 /* numbers of a plane with its frame */
#define SLACK 64    /* behind it: runs are rounded up to whole vectors, and what they give there is not used */
#define TAPS 64
#define FLUSH 8 /* samples whose sums are added up in single precision */

struct filter {
    long height, width, rows, columns, down, across; /* of the plane that is read; of the filter; its stride */
    long wide, taps;                                 /* width with the frame */
    long offset[TAPS];
};

static struct filter filter_of(long height, long width, long rows, long columns, long down, long across) {
    struct filter f = {height, width, rows, columns, down, across, width + columns - 1, rows * columns, {0}};
    for (long t = 0; t < f.taps; t++) f.offset[t] = t / columns * f.wide + t % columns;
    return f;
}

static long out_rows(const struct filter *f) { return (f->height - 1) / f->down + 1; }
static long out_columns(const struct filter *f) { return (f->width - 1) / f->across + 1; }

/* A plane into a frame of zeros, which stay. */
static void lay(const struct filter *f, const float *restrict plane, float *restrict framed) {
    float *to = framed + f->rows / 2 * f->wide + f->columns / 2;
    for (long y = 0; y < f->height; y++) copy(to + y * f->wide, plane + y * f->width, f->width);
}

/* Filters of a run of at least n numbers: out = bias + sum of w at its taps. */
static void run(const struct filter *f, const float *restrict w, float bias, const float *restrict in, float *restrict out,
                long n) {
    n = (n + LANES - 1) / LANES * LANES;
    if (f->taps == 9) { /* in one pass */
        const float *restrict a = in + f->offset[0], *restrict b = in + f->offset[3], *restrict c = in + f->offset[6];
        for (long i = 0; i < n; i++) {
            float top = fmaf(w[0], a[i], fmaf(w[1], a[i + 1], fmaf(w[2], a[i + 2], bias)));
            float middle = fmaf(w[3], b[i], fmaf(w[4], b[i + 1], w[5] * b[i + 2]));
            float low = fmaf(w[6], c[i], fmaf(w[7], c[i + 1], w[8] * c[i + 2]));
            out[i] = top + middle + low;
        }
        return;
    }
    for (long i = 0; i < n; i++) out[i] = bias;
    for (long t = 0; t < f->taps; t++) {
        const float *restrict from = in + f->offset[t];
        for (long i = 0; i < n; i++) out[i] = fmaf(w[t], from[i], out[i]);
    }
}

/* x [K, N, C, height, width], or [N, ...] when shared; w [K, C, rows, columns]; bias [K, C] or none; out [K, N, C, ...]. */
void depthwise_forward(const float *x, const float *w, const float *bias, float *out, long K, long N, long C, int shared,
                       long height, long width, long rows, long columns, long down, long across) {
    struct filter f = filter_of(height, width, rows, columns, down, across);
    long size = height * width, to_rows = out_rows(&f), to_columns = out_columns(&f);
    float framed[PLANE + SLACK] = {0}, line[PLANE + SLACK];
    for (long k = 0; k < K; k++)
        for (long p = 0; p < N * C; p++) {
            const float *plane = x + ((shared ? 0 : k * N * C) + p) * size, *weight = w + (k * C + p % C) * f.taps;
            float start = bias ? bias[k * C + p % C] : 0.0f, *to = out + (k * N * C + p) * to_rows * to_columns;
            if (f.taps == 1 && down == 1 && across == 1) {
                for (long i = 0; i < size; i++) to[i] = fmaf(weight[0], plane[i], start);
                continue;
            }
            lay(&f, plane, framed);
            if (down == 1 && across == 1) run(&f, weight, start, framed, line, (height - 1) * f.wide + width);
            for (long y = 0; y < to_rows; y++, to += to_columns) {
                if (down == 1 && across == 1) {
                    copy(to, line + y * f.wide, width);
                    continue;
                }
                run(&f, weight, start, framed + y * down * f.wide, line, width);
                for (long c = 0; c < to_columns; c++) to[c] = line[c * across];
            }
        }
}

/* Products of g and in at each tap, added to sums: runs of n numbers, step apart; behind each run, g is zero. */
static void correlate(const struct filter *f, const float *restrict g, const float *restrict in, lanes *restrict sums, long n,
                      long runs, long step) {
    for (long t = 0; t < f->taps; t++) {
        const float *restrict from = in + f->offset[t];
        lanes even = sums[t], odd = {0};
        for (long r = 0; r < runs; r++)
            for (long i = r * step; i < r * step + n; i += 2 * LANES) {
                even += load(g + i) * load(from + i);
                odd += load(g + i + LANES) * load(from + i + LANES);
            }
        sums[t] = even + odd;
    }
}

static float dot(const float *restrict a, const float *restrict b, long n) {
    lanes sums = {0};
    float rest = 0.0f;
    long i = 0;
    for (; i + LANES <= n; i += LANES) sums += load(a + i) * load(b + i);
    for (; i < n; i++) rest += a[i] * b[i];
    return added(sums) + rest;
}

static double total(const float *restrict g, long n) {
    lanes sums = {0};
    float rest = 0.0f;
    long i = 0;
    for (; i + LANES <= n; i += LANES) sums += load(g + i);
    for (; i < n; i++) rest += g[i];
    return added(sums) + rest;
}

/* A plane's gradient into its places in the frame of what was read. */
static void place(const struct filter *f, const float *restrict g, float *restrict spread) {
    long columns = out_columns(f);
    for (long y = 0; y < out_rows(f); y++, g += columns) {
        float *to = spread + (f->rows / 2 + y * f->down) * f->wide + f->columns / 2;
        if (f->across == 1) copy(to, g, columns);
        else
            for (long z = 0; z < columns; z++) to[z * f->across] = g[z];
    }
}

/* One channel of one candidate, S samples that lie in_step and out_step apart: see depthwise_backward. */
static void channel_back(const struct filter *f, const float *grad, const float *x, const float *w, float *dx, double *dw,
                         double *dbias, long S, long in_step, long out_step) {
    long size = f->height * f->width, n = (f->height - 1) * f->wide + f->width, rows = out_rows(f);
    long middle = f->rows / 2 * f->wide + f->columns / 2;
    /* the rows between gradients are zero: runs that end in them may leave them out */
    int skipping = f->down > 1 && (f->width + 2 * LANES - 1) / (2 * LANES) * 2 * LANES <= f->down * f->wide;
    float framed[PLANE + SLACK] = {0}, spread[PLANE + SLACK] = {0}, line[PLANE + SLACK], turned[TAPS];
    lanes sums[TAPS] = {{0}};
    for (long t = 0; t < f->taps; t++) turned[t] = w[f->taps - 1 - t];
    for (long s = 0; s < S; s++, grad += out_step, x += in_step) {
        *dbias += total(grad, rows * out_columns(f));
        if (f->taps == 1 && f->down == 1 && f->across == 1) {
            dw[0] += dot(grad, x, size);
            if (dx)
                for (long i = 0; i < size; i++) dx[s * in_step + i] = w[0] * grad[i];
            continue;
        }
        lay(f, x, framed);
        place(f, grad, spread);
        if (skipping) correlate(f, spread + middle, framed, sums, f->width, rows, f->down * f->wide);
        else correlate(f, spread + middle, framed, sums, n, 1, 0);
        if (dx) {
            run(f, turned, 0.0f, spread, line, n);
            for (long y = 0; y < f->height; y++) copy(dx + s * in_step + y * f->width, line + y * f->wide, f->width);
        }
        if (s % FLUSH < FLUSH - 1 && s < S - 1) continue;
        for (long t = 0; t < f->taps; t++) dw[t] += added(sums[t]), sums[t] = (lanes){0};
    }
}

/* The gradients of depthwise_forward from grad, like its out: of x where dx is given, of the weights and of the biases. */
void depthwise_backward(const float *grad, const float *x, const float *w, float *dx, float *dw, float *dbias, long K, long N,
                        long C, int shared, long height, long width, long rows, long columns, long down, long across) {
    struct filter f = filter_of(height, width, rows, columns, down, across);
    long in = C * height * width, out = C * out_rows(&f) * out_columns(&f);
    for (long k = 0; k < K; k++)
        for (long c = 0; c < C; c++) {
            double sums[TAPS] = {0}, bias = 0.0;
            long from = (shared ? 0 : k * N * in) + c * (in / C);
            channel_back(&f, grad + k * N * out + c * (out / C), x + from, w + (k * C + c) * f.taps, dx ? dx + from : 0, sums,
                         &bias, N, in, out);
            for (long t = 0; t < f.taps; t++) dw[(k * C + c) * f.taps + t] = (float)sums[t];
            dbias[k * C + c] = (float)bias;
        }
}

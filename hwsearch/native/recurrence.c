/* A population that feeds itself one timestep later, forward and backward. Spikes are few: the product forward and the
   gradient of the weights add the rows of those that fired, in another order than a dense product's sums. */

#include "neuron.h"

/* to += the rows of w, n long each, at the given places; four at a time, as loading and storing the sums costs most. */
static void add_rows(float *restrict to, const float *restrict w, const long *at, long count, long n) {
    long a = 0;
    for (; a + 4 <= count; a += 4) {
        const float *restrict p = w + at[a] * n, *restrict q = w + at[a + 1] * n;
        const float *restrict r = w + at[a + 2] * n, *restrict s = w + at[a + 3] * n;
        for (long i = 0; i < n; i++) to[i] += (p[i] + q[i]) + (r[i] + s[i]);
    }
    for (; a < count; a++) {
        const float *restrict p = w + at[a] * n;
        for (long i = 0; i < n; i++) to[i] += p[i];
    }
}

/* Places of the neurons at or above the threshold. */
static long fired(const float *restrict h, float threshold, long *restrict at, long n) {
    long count = 0;
    for (long i = 0; i < n; i++) {
        at[count] = i;
        count += h[i] >= threshold;
    }
    return count;
}

/* u [K, T, B, n], or [K, B, n] when constant; back [K, n, n]: row j goes from neuron j to all; h and s [K, T, B, n]. n is
   BLOCK at most. */
void recurrent_forward(const float *u, const float *back, float *h, float *s, long K, long T, long B, long n, int constant,
                       float decay, float threshold, int subtract) {
    float current[BLOCK], v[BLOCK];
    long at[BLOCK];
    for (long k = 0; k < K; k++)
        for (long b = 0; b < B; b++)
            for (long t = 0; t < T; t++) {
                long place = ((k * T + t) * B + b) * n;
                const float *outside = u + (constant ? (k * B + b) * n : place);
                for (long i = 0; i < n; i++) current[i] = outside[i];
                if (t > 0) add_rows(current, back + k * n * n, at, fired(h + place - B * n, threshold, at, n), n);
                step(current, h + place, s + place, v, n, t == 0, decay, threshold, subtract);
            }
}

/* One timestep of one candidate backward, B rows of n neurons. g: the gradient of the spikes; h: the potentials; dx: that of
   the current; after: dx of the timestep after it, or none; dback [n, n], like back of recurrent_forward, is added to. */
void recurrent_backward(const float *g, const float *h, float *dx, const float *after, float *dback, long B, long n,
                        float decay, float threshold, int subtract) {
    long at[BLOCK];
    step_back(g, h, dx, after, B * n, decay, threshold, subtract);
    if (!after) return;
    for (long b = 0; b < B; b++) {
        long count = fired(h + b * n, threshold, at, n);
        for (long a = 0; a < count; a++) {
            float *restrict to = dback + at[a] * n;
            const float *restrict row = after + b * n;
            for (long i = 0; i < n; i++) to[i] += row[i];
        }
    }
}

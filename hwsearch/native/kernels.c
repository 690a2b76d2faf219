/* The loops that torch would take many passes over memory for, on one thread. What is elementwise equals the torch code
   beside its caller bit for bit: the same operations in the same order, fused multiply-adds where torch's vector kernels
   fuse. Sums run in double precision. No result of a candidate depends on the others. */

#include <math.h>

#define BLOCK 1024

/* Spikes of n neurons after one timestep, pooled or not: window 1 copies. */
static void pool(const float *restrict s, float *restrict out, long height, long width, long window, int mean) {
    long rows = height / window, columns = width / window;
    float size = (float)(window * window);
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < columns; c++) {
            float best = 0.0f, sum = 0.0f;
            for (long i = 0; i < window; i++)
                for (long j = 0; j < window; j++) {
                    float one = s[(r * window + i) * width + c * window + j];
                    best = one > best ? one : best;
                    sum += one;
                }
            out[r * columns + c] = mean ? sum / size : best;
        }
}

/* The gradient of pooled spikes, back at each neuron: to the first of the largest, or evenly. */
static void unpool(const float *restrict grad, const float *restrict h, float *restrict out, long height, long width,
                   long window, int mean, float threshold) {
    long rows = height / window, columns = width / window;
    float size = (float)(window * window);
    for (long i = 0; i < height * width; i++) out[i] = 0.0f;
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < columns; c++) {
            float own = grad[r * columns + c];
            long corner = r * window * width + c * window, first = -1;
            for (long i = 0; i < window; i++)
                for (long j = 0; j < window; j++) {
                    long at = corner + i * width + j;
                    if (mean) out[at] = own / size;
                    else if (first < 0 && h[at] >= threshold) first = at;
                }
            if (!mean) out[first < 0 ? corner : first] = own;
        }
}

/* One timestep of n neurons: v becomes the membrane after reset, s the spikes. */
static void step(const float *restrict x, float *restrict h, float *restrict s, float *restrict v, long n, int first,
                 float decay, float threshold, int subtract) {
    if (first)
        for (long i = 0; i < n; i++) h[i] = x[i];
    else
        for (long i = 0; i < n; i++) h[i] = fmaf(v[i], decay, x[i]);
    for (long i = 0; i < n; i++) {
        float fired = h[i] >= threshold ? 1.0f : 0.0f;
        s[i] = fired;
        v[i] = subtract ? fmaf(fired, -threshold, h[i]) : (fired > 0.0f ? 0.0f : h[i]);
    }
}

/* x [K, T, n], or [K, n] when constant; h [K, T, n]; out [K, T, n / window^2]. With a window, n is whole maps of
   height times width, at most BLOCK neurons each. */
void fire_forward(const float *x, float *h, float *out, long K, long T, long n, int constant, long height, long width,
                  long window, int mean, float decay, float threshold, int subtract) {
    long map = window > 1 ? height * width : BLOCK;
    long pooled = window > 1 ? (height / window) * (width / window) : BLOCK;
    long n_out = window > 1 ? n / map * pooled : n;
    float v[BLOCK], s[BLOCK];
    for (long k = 0; k < K; k++)
        for (long at = 0, to = 0; at < n; at += map, to += pooled) {
            long size = n - at < map ? n - at : map;
            for (long t = 0; t < T; t++) {
                const float *current = constant ? x + k * n + at : x + (k * T + t) * n + at;
                float *spikes = out + (k * T + t) * n_out + to;
                step(current, h + (k * T + t) * n + at, window > 1 ? s : spikes, v, size, t == 0, decay, threshold,
                     subtract);
                if (window > 1) pool(s, spikes, height, width, window, mean);
            }
        }
}

/* One timestep of n neurons backward: dx from g, the gradient of the spikes, and the dx of the timestep after it. */
static void step_back(const float *restrict g, const float *restrict h, float *restrict dx, const float *restrict after,
                      long n, float decay, float threshold, int subtract) {
    const float square = 9.869604401089358f; /* pi^2 */
    for (long i = 0; i < n; i++) {
        float above = h[i] - threshold;
        dx[i] = g[i] / fmaf(square * above, above, 1.0f);
    }
    if (!after) return;
    for (long i = 0; i < n; i++) {
        float back = !subtract && h[i] >= threshold ? 0.0f : after[i];
        dx[i] = fmaf(back, decay, dx[i]);
    }
}

/* grad like out of fire_forward; dx like its x. */
void fire_backward(const float *grad, const float *h, float *dx, long K, long T, long n, int constant, long height,
                   long width, long window, int mean, float decay, float threshold, int subtract) {
    long map = window > 1 ? height * width : BLOCK;
    long pooled = window > 1 ? (height / window) * (width / window) : BLOCK;
    long n_out = window > 1 ? n / map * pooled : n;
    float g[BLOCK], turns[2][BLOCK];
    for (long k = 0; k < K; k++)
        for (long at = 0, to = 0; at < n; at += map, to += pooled) {
            long size = n - at < map ? n - at : map;
            const float *after = 0;
            for (long t = T - 1; t >= 0; t--) {
                const float *own = h + (k * T + t) * n + at, *spikes = grad + (k * T + t) * n_out + to;
                float *target = constant ? turns[t & 1] : dx + (k * T + t) * n + at;
                if (window > 1) unpool(spikes, own, g, height, width, window, mean, threshold);
                step_back(window > 1 ? g : spikes, own, target, after, size, decay, threshold, subtract);
                if (constant) {
                    float *sum = dx + k * n + at;
                    if (!after)
                        for (long i = 0; i < size; i++) sum[i] = target[i];
                    else
                        for (long i = 0; i < size; i++) sum[i] += target[i];
                }
                after = target;
            }
        }
}

/* Weights of K candidates that share their bits: groups of n (a channel, or a layer) with one scale each. w and mask
   begin a candidate every w_stride and mask_stride numbers; out is dense. The scale is step times the mean of |w| over
   the kept (step > 0), or the largest |w| over the largest level. bits 1: the sign of a kept weight, zero as positive. */
void quantise(const float *w, const float *mask, float *out, long K, long groups, long n, long w_stride,
              long mask_stride, float largest, float step, int binary) {
    for (long r = 0; r < K * groups; r++) {
        const float *restrict own = w + r / groups * w_stride + r % groups * n;
        const float *restrict kept = mask + r / groups * mask_stride + r % groups * n;
        float *restrict to = out + r * n, top = 0.0f;
        double sums[8] = {0}, counts[8] = {0};
        long i = 0;
        if (step > 0.0f) {
            for (; i + 8 <= n; i += 8)
                for (long j = 0; j < 8; j++) {
                    sums[j] += fabsf(own[i + j] * kept[i + j]);
                    counts[j] += kept[i + j];
                }
            for (; i < n; i++) {
                sums[0] += fabsf(own[i] * kept[i]);
                counts[0] += kept[i];
            }
        } else
            for (; i < n; i++) {
                float size = fabsf(own[i] * kept[i]);
                top = size > top ? size : top;
            }
        double sum = 0.0, count = 0.0;
        for (long j = 0; j < 8; j++) sum += sums[j], count += counts[j];
        float scale = step > 0.0f ? (float)sum * step / (float)(count > 1.0 ? count : 1.0) : top / largest;
        if (scale == 0.0f) scale = 1.0f;
        if (binary)
            for (i = 0; i < n; i++) to[i] = (own[i] * kept[i] < 0.0f ? -1.0f : 1.0f) * kept[i] * scale;
        else
            for (i = 0; i < n; i++) {
                float level = rintf(own[i] * kept[i] / scale);
                level = level > largest ? largest : level < -largest ? -largest : level;
                to[i] = level * scale;
            }
    }
}

#define CHANNELS 64

/* x [S, C, M] -> y: (x - mean) / sqrt(var + eps) * gain + shift with the statistics of x over S and M, which enter the
   running ones with a momentum. seen [2, C]: mean and 1 / sqrt(var + eps), for the way back. */
void norm_forward(const float *x, float *y, const float *gain, const float *shift, float *mean, float *variance,
                  float *seen, long S, long C, long M, float momentum, float eps) {
    double count = (double)S * (double)M;
    for (long from = 0; from < C; from += CHANNELS) {
        long width = C - from < CHANNELS ? C - from : CHANNELS;
        double sum[CHANNELS] = {0}, square[CHANNELS] = {0};
        float scale[CHANNELS], offset[CHANNELS];
        for (long s = 0; s < S; s++)
            if (M == 1) {
                const float *restrict row = x + s * C + from;
                for (long c = 0; c < width; c++) {
                    double one = row[c];
                    sum[c] += one;
                    square[c] += one * one;
                }
            } else
                for (long c = 0; c < width; c++) {
                    const float *restrict map = x + (s * C + from + c) * M;
                    double a[8] = {0}, b[8] = {0};
                    long i = 0;
                    for (; i + 8 <= M; i += 8)
                        for (long j = 0; j < 8; j++) {
                            double one = map[i + j];
                            a[j] += one;
                            b[j] += one * one;
                        }
                    for (; i < M; i++) a[0] += map[i], b[0] += (double)map[i] * map[i];
                    for (long j = 0; j < 8; j++) sum[c] += a[j], square[c] += b[j];
                }
        for (long c = 0; c < width; c++) {
            double centre = sum[c] / count, spread = square[c] / count - centre * centre;
            spread = spread > 0.0 ? spread : spread < 0.0 ? 0.0 : spread; /* NaN stays */
            double unbiased = spread * (count / (count > 1.0 ? count - 1.0 : 1.0));
            float inverse = (float)(1.0 / sqrt(spread + eps));
            mean[from + c] += momentum * ((float)centre - mean[from + c]);
            variance[from + c] += momentum * ((float)unbiased - variance[from + c]);
            seen[from + c] = (float)centre;
            seen[C + from + c] = inverse;
            scale[c] = gain[from + c] * inverse;
            offset[c] = shift[from + c] - (float)centre * scale[c];
        }
        for (long s = 0; s < S; s++)
            if (M == 1) {
                const float *restrict row = x + s * C + from;
                float *restrict to = y + s * C + from;
                for (long c = 0; c < width; c++) to[c] = row[c] * scale[c] + offset[c];
            } else
                for (long c = 0; c < width; c++) {
                    const float *restrict map = x + (s * C + from + c) * M;
                    float *restrict to = y + (s * C + from + c) * M;
                    for (long i = 0; i < M; i++) to[i] = map[i] * scale[c] + offset[c];
                }
    }
}

/* The gradients of norm_forward from g, the gradient of y. */
void norm_backward(const float *g, const float *x, const float *seen, const float *gain, float *dx, float *dgain,
                   float *dshift, long S, long C, long M) {
    double count = (double)S * (double)M;
    for (long from = 0; from < C; from += CHANNELS) {
        long width = C - from < CHANNELS ? C - from : CHANNELS;
        double sum[CHANNELS] = {0}, cross[CHANNELS] = {0};
        float a[CHANNELS], b[CHANNELS], d[CHANNELS];
        for (long s = 0; s < S; s++)
            if (M == 1) {
                const float *restrict row = g + s * C + from, *restrict value = x + s * C + from;
                for (long c = 0; c < width; c++) {
                    sum[c] += row[c];
                    cross[c] += (double)row[c] * (value[c] - seen[from + c]);
                }
            } else
                for (long c = 0; c < width; c++) {
                    const float *restrict map = g + (s * C + from + c) * M, *restrict value = x + (s * C + from + c) * M;
                    double p[8] = {0}, q[8] = {0};
                    float centre = seen[from + c];
                    long i = 0;
                    for (; i + 8 <= M; i += 8)
                        for (long j = 0; j < 8; j++) {
                            p[j] += map[i + j];
                            q[j] += (double)map[i + j] * (value[i + j] - centre);
                        }
                    for (; i < M; i++) p[0] += map[i], q[0] += (double)map[i] * (value[i] - centre);
                    for (long j = 0; j < 8; j++) sum[c] += p[j], cross[c] += q[j];
                }
        for (long c = 0; c < width; c++) { /* dx = a g + b x + d */
            double inverse = seen[C + from + c], centre = seen[from + c];
            dshift[from + c] = (float)sum[c];
            dgain[from + c] = (float)(cross[c] * inverse);
            double lead = gain[from + c] * inverse, slope = -lead * inverse * inverse * cross[c] / count;
            a[c] = (float)lead;
            b[c] = (float)slope;
            d[c] = (float)(-lead * sum[c] / count - slope * centre);
        }
        for (long s = 0; s < S; s++)
            if (M == 1) {
                const float *restrict row = g + s * C + from, *restrict value = x + s * C + from;
                float *restrict to = dx + s * C + from;
                for (long c = 0; c < width; c++) to[c] = a[c] * row[c] + (b[c] * value[c] + d[c]);
            } else
                for (long c = 0; c < width; c++) {
                    const float *restrict map = g + (s * C + from + c) * M, *restrict value = x + (s * C + from + c) * M;
                    float *restrict to = dx + (s * C + from + c) * M;
                    for (long i = 0; i < M; i++) to[i] = a[c] * map[i] + (b[c] * value[i] + d[c]);
                }
    }
}

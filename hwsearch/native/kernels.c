/* The loops that torch would take many passes over memory for, on one thread. What is elementwise equals the torch code
   beside its caller bit for bit: the same operations in the same order, fused multiply-adds where torch's vector kernels
   fuse. Sums run in double precision. No result of a candidate depends on the others. */

#include <math.h>

#define BLOCK 1024 /* neurons that are taken through all timesteps at a time: they stay in the nearest cache */

/* Maps of one population and the pooling of them, by windows of down times across; 1 times 1: none, and a map is any run
   of neurons. */
struct maps {
    long height, width, down, across;
    int mean;
};

static long pooled_size(const struct maps *m) { return (m->height / m->down) * (m->width / m->across); }

static int two_by_two(const struct maps *m) { return m->down == 2 && m->across == 2 && !m->mean; }

/* Spikes of n maps, pooled. */
static void pool(const float *restrict s, float *restrict out, long n, const struct maps *m) {
    long rows = m->height / m->down, columns = m->width / m->across, at = 0;
    float size = (float)(m->down * m->across);
    for (long map = 0; map < n; map++, s += m->height * m->width)
        for (long r = 0; r < rows; r++) {
            const float *restrict top = s + r * m->down * m->width, *restrict low = top + m->width;
            if (two_by_two(m))
                for (long c = 0; c < columns; c++) {
                    float upper = top[2 * c] > top[2 * c + 1] ? top[2 * c] : top[2 * c + 1];
                    float lower = low[2 * c] > low[2 * c + 1] ? low[2 * c] : low[2 * c + 1];
                    out[at++] = upper > lower ? upper : lower;
                }
            else
                for (long c = 0; c < columns; c++) {
                    float best = 0.0f, sum = 0.0f;
                    for (long i = 0; i < m->down; i++)
                        for (long j = 0; j < m->across; j++) {
                            float spike = top[i * m->width + c * m->across + j];
                            best = spike > best ? spike : best;
                            sum += spike;
                        }
                    out[at++] = m->mean ? sum / size : best;
                }
        }
}

/* The gradient of n pooled maps back at each neuron: to the first of the largest, or evenly. s are the spikes. */
static void unpool(const float *restrict grad, const float *restrict s, float *restrict out, long n,
                   const struct maps *m) {
    long rows = m->height / m->down, columns = m->width / m->across, at = 0;
    float size = (float)(m->down * m->across);
    if (rows * m->down < m->height || columns * m->across < m->width || !two_by_two(m))
        for (long i = 0; i < n * m->height * m->width; i++) out[i] = 0.0f;
    for (long map = 0; map < n; map++, s += m->height * m->width, out += m->height * m->width)
        for (long r = 0; r < rows; r++) {
            long corner = r * m->down * m->width;
            const float *restrict top = s + corner, *restrict low = top + m->width;
            float *restrict to = out + corner, *restrict under = to + m->width;
            if (two_by_two(m)) /* products of ones and zeros: spikes are too random for branches */
                for (long c = 0; c < columns; c++) {
                    float gradient = grad[at++], first = top[2 * c];
                    float not_first = 1.0f - first, nor_two = not_first * (1.0f - top[2 * c + 1]);
                    float nor_three = nor_two * (1.0f - low[2 * c]), none = nor_three * (1.0f - low[2 * c + 1]);
                    to[2 * c] = gradient * (first + none);
                    to[2 * c + 1] = gradient * (not_first - nor_two);
                    under[2 * c] = gradient * (nor_two - nor_three);
                    under[2 * c + 1] = gradient * (nor_three - none);
                }
            else
                for (long c = 0; c < columns; c++, at++) {
                    long first = -1;
                    for (long i = 0; i < m->down; i++)
                        for (long j = 0; j < m->across; j++) {
                            long cell = i * m->width + c * m->across + j;
                            if (m->mean) to[cell] = grad[at] / size;
                            else if (first < 0 && top[cell] > 0.0f) first = cell;
                        }
                    if (!m->mean) to[first < 0 ? c * m->across : first] = grad[at];
                }
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

/* x [K, T, n], or [K, n] when constant; h [K, T, n]; out [K, T, n pooled], or its mean over T without the T when averaged,
   weighted by shares [T] where they are given. With a window, n is whole maps of height times width, at most BLOCK neurons
   each. */
void fire_forward(const float *x, float *h, float *out, const float *shares, long K, long T, long n, int constant,
                  int averaged, long height, long width, long down, long across, int mean, float decay, float threshold,
                  int subtract) {
    struct maps m = {height, width, down, across, mean};
    int window = down * across > 1;
    long map = window ? height * width : 1, to_map = window ? pooled_size(&m) : 1;
    long fit = BLOCK / map, n_maps = n / map, n_out = n_maps * to_map;
    float v[BLOCK], s[BLOCK], p[BLOCK];
    for (long k = 0; k < K; k++)
        for (long from = 0; from < n_maps; from += fit) {
            long maps = n_maps - from < fit ? n_maps - from : fit, size = maps * map, at = from * map, to = from * to_map;
            for (long t = 0; t < T; t++) {
                const float *current = constant ? x + k * n + at : x + (k * T + t) * n + at;
                float *spikes = averaged ? p : out + (k * T + t) * n_out + to, *sum = out + k * n_out + to;
                step(current, h + (k * T + t) * n + at, window ? s : spikes, v, size, t == 0, decay, threshold,
                     subtract);
                if (window) pool(s, spikes, maps, &m);
                if (averaged && shares)
                    for (long i = 0; i < maps * to_map; i++) p[i] *= shares[t];
                if (averaged && t == 0)
                    for (long i = 0; i < maps * to_map; i++) sum[i] = p[i];
                else if (averaged)
                    for (long i = 0; i < maps * to_map; i++) sum[i] += p[i];
                if (averaged && !shares && t == T - 1)
                    for (long i = 0; i < maps * to_map; i++) sum[i] /= (float)T;
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
void fire_backward(const float *grad, const float *h, float *dx, const float *shares, long K, long T, long n, int constant,
                   int averaged, long height, long width, long down, long across, int mean, float decay, float threshold,
                   int subtract) {
    struct maps m = {height, width, down, across, mean};
    int window = down * across > 1;
    long map = window ? height * width : 1, to_map = window ? pooled_size(&m) : 1;
    long fit = BLOCK / map, n_maps = n / map, n_out = n_maps * to_map;
    float g[BLOCK], p[BLOCK], s[BLOCK], turns[2][BLOCK];
    for (long k = 0; k < K; k++)
        for (long from = 0; from < n_maps; from += fit) {
            long maps = n_maps - from < fit ? n_maps - from : fit, size = maps * map, at = from * map, to = from * to_map;
            const float *after = 0;
            if (averaged && !shares)
                for (long i = 0; i < maps * to_map; i++) p[i] = grad[k * n_out + to + i] / (float)T;
            for (long t = T - 1; t >= 0; t--) {
                if (averaged && shares)
                    for (long i = 0; i < maps * to_map; i++) p[i] = grad[k * n_out + to + i] * shares[t];
                const float *potential = h + (k * T + t) * n + at;
                const float *spikes = averaged ? p : grad + (k * T + t) * n_out + to;
                float *target = constant ? turns[t & 1] : dx + (k * T + t) * n + at;
                if (window) {
                    for (long i = 0; i < size; i++) s[i] = potential[i] >= threshold ? 1.0f : 0.0f;
                    unpool(spikes, s, g, maps, &m);
                }
                step_back(window ? g : spikes, potential, target, after, size, decay, threshold, subtract);
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
   the survivors (step > 0), or the largest |w| over the largest level; of all weights instead of them if over_all.
   binary: the sign of a survivor, zero as positive. */
void quantise(const float *w, const float *mask, float *out, long K, long groups, long n, long w_stride,
              long mask_stride, float largest, float step, int binary, int over_all) {
    for (long r = 0; r < K * groups; r++) {
        const float *restrict weight = w + r / groups * w_stride + r % groups * n;
        const float *restrict survives = mask + r / groups * mask_stride + r % groups * n;
        float *restrict to = out + r * n, top = 0.0f;
        double sums[8] = {0}, counts[8] = {0};
        long i = 0;
        if (step > 0.0f) {
            for (; i + 8 <= n; i += 8)
                for (long j = 0; j < 8; j++) {
                    float counted = over_all ? 1.0f : survives[i + j];
                    sums[j] += fabsf(weight[i + j] * counted);
                    counts[j] += counted;
                }
            for (; i < n; i++) {
                float counted = over_all ? 1.0f : survives[i];
                sums[0] += fabsf(weight[i] * counted);
                counts[0] += counted;
            }
        } else
            for (; i < n; i++) {
                float size = fabsf(weight[i] * (over_all ? 1.0f : survives[i]));
                top = size > top ? size : top;
            }
        double sum = 0.0, count = 0.0;
        for (long j = 0; j < 8; j++) sum += sums[j], count += counts[j];
        float scale = step > 0.0f ? (float)sum * step / (float)(count > 1.0 ? count : 1.0) : top / largest;
        if (binary) /* a channel of zeros has the scale 0 and stays zero */
            for (i = 0; i < n; i++) to[i] = (weight[i] * survives[i] < 0.0f ? -1.0f : 1.0f) * survives[i] * scale;
        else if (scale == 0.0f)
            for (i = 0; i < n; i++) to[i] = 0.0f;
        else
            for (i = 0; i < n; i++) {
                float level = rintf(weight[i] * survives[i] / scale);
                level = level > largest ? largest : level < -largest ? -largest : level;
                to[i] = level * scale;
            }
    }
}

#define CHANNELS 64

/* x [S, C, M] -> y: (x - mean) / sqrt(var + eps) * gain + shift with the statistics of x over S and M, which enter the
   running ones with a momentum. statistics [2, C]: mean and 1 / sqrt(var + eps), for the way back. */
void norm_forward(const float *x, float *y, const float *gain, const float *shift, float *mean, float *variance,
                  float *statistics, long S, long C, long M, float momentum, float eps) {
    double count = (double)S * (double)M;
    for (long from = 0; from < C; from += CHANNELS) {
        long width = C - from < CHANNELS ? C - from : CHANNELS;
        double sum[CHANNELS] = {0}, square[CHANNELS] = {0};
        float scale[CHANNELS], offset[CHANNELS];
        for (long s = 0; s < S; s++)
            if (M == 1) {
                const float *restrict row = x + s * C + from;
                for (long c = 0; c < width; c++) {
                    double value = row[c];
                    sum[c] += value;
                    square[c] += value * value;
                }
            } else
                for (long c = 0; c < width; c++) {
                    const float *restrict map = x + (s * C + from + c) * M;
                    double a[8] = {0}, b[8] = {0};
                    long i = 0;
                    for (; i + 8 <= M; i += 8)
                        for (long j = 0; j < 8; j++) {
                            double value = map[i + j];
                            a[j] += value;
                            b[j] += value * value;
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
            statistics[from + c] = (float)centre;
            statistics[C + from + c] = inverse;
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
void norm_backward(const float *g, const float *x, const float *statistics, const float *gain, float *dx, float *dgain,
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
                    cross[c] += (double)row[c] * (value[c] - statistics[from + c]);
                }
            } else
                for (long c = 0; c < width; c++) {
                    const float *restrict map = g + (s * C + from + c) * M, *restrict value = x + (s * C + from + c) * M;
                    double p[8] = {0}, q[8] = {0};
                    float centre = statistics[from + c];
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
            double inverse = statistics[C + from + c], centre = statistics[from + c];
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

/* Adam (0.9, 0.999, 1e-8) on K candidates' n numbers, which begin every stride numbers in p, first and second, and every
   n in g. rate is the learning rate over 1 - beta1^t, root is sqrt(1 - beta2^t). */
void adam(float *p, float *first, float *second, const float *g, const float *rates, long K, long n, long stride,
          float root) {
    for (long k = 0; k < K; k++) {
        float *restrict value = p + k * stride, *restrict m = first + k * stride, *restrict v = second + k * stride;
        const float *restrict grad = g + k * n, rate = rates[k];
        for (long i = 0; i < n; i++) {
            m[i] += 0.1f * (grad[i] - m[i]);
            v[i] = 0.999f * v[i] + 0.001f * grad[i] * grad[i];
            value[i] -= rate * m[i] / (sqrtf(v[i]) / root + 1e-8f);
        }
    }
}

/* Cross-entropy of softmax(gain * out), out [K, B, C], target [B]: its mean over B in loss [K], and the gradient of that
   in grad, like out. */
void cross_entropy(const float *out, const long long *target, float *loss, float *grad, long K, long B, long C,
                   float gain) {
    for (long k = 0; k < K; k++) {
        double sum = 0.0;
        for (long b = 0; b < B; b++) {
            const float *restrict row = out + (k * B + b) * C;
            float *restrict to = grad + (k * B + b) * C, top = row[0] * gain, total = 0.0f;
            for (long c = 1; c < C; c++) top = row[c] * gain > top ? row[c] * gain : top;
            for (long c = 0; c < C; c++) to[c] = expf(row[c] * gain - top), total += to[c];
            sum += logf(total) + top - row[target[b]] * gain;
            for (long c = 0; c < C; c++) to[c] *= gain / (total * (float)B);
            to[target[b]] -= gain / (float)B;
        }
        loss[k] = (float)(sum / (double)B);
    }
}

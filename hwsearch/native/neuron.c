/* The loops of the neuron, and of the pooling behind it, that torch would take many passes over memory for, on one thread.
   They equal the torch code beside their caller bit for bit: the same operations in the same order. No result of a
   candidate depends on the others. */

#include "neuron.h"

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

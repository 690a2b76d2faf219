/* One timestep of a neuron, forward and backward: see graph/neuron_law.py. Fused multiply-adds stand where torch's vector
   kernels fuse. */

#include <math.h>

#define BLOCK 1024 /* neurons that are taken through all timesteps at a time: they stay in the nearest cache */

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

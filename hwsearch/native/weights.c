/* What is done with weights: quantised before each use, and stepped by Adam; and the loss that their gradients begin with.
   What is elementwise equals the torch code beside its caller bit for bit, sums run in double precision. */

#include <math.h>

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

/* Cross-entropy of softmax(gain * out), out [K, B, C], target [B], each times the weight [C] of its class (NULL: 1): its
   mean over B in loss [K], and the gradient of that in grad, like out. */
void cross_entropy(const float *out, const long long *target, const float *weight, float *loss, float *grad, long K,
                   long B, long C, float gain) {
    for (long k = 0; k < K; k++) {
        double sum = 0.0;
        for (long b = 0; b < B; b++) {
            const float *restrict row = out + (k * B + b) * C;
            float *restrict to = grad + (k * B + b) * C, top = row[0] * gain, total = 0.0f;
            const float worth = weight ? weight[target[b]] : 1.0f, slope = gain * worth; /* times 1 changes no bit */
            for (long c = 1; c < C; c++) top = row[c] * gain > top ? row[c] * gain : top;
            for (long c = 0; c < C; c++) to[c] = expf(row[c] * gain - top), total += to[c];
            sum += (logf(total) + top - row[target[b]] * gain) * worth;
            for (long c = 0; c < C; c++) to[c] *= slope / (total * (float)B);
            to[target[b]] -= slope / (float)B;
        }
        loss[k] = (float)(sum / (double)B);
    }
}

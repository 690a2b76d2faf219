/* Batch normalisation, forward and backward. Sums run in double precision. */

#include <math.h>

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

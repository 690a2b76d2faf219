/* Vectors of eight numbers: what compilers do not find by themselves, or may not, as sums would be in another order. */

#include <string.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#define LANES 8

typedef float lanes __attribute__((vector_size(4 * LANES)));

static inline lanes load(const float *from) {
    lanes values;
    memcpy(&values, from, sizeof values);
    return values;
}

static inline void store(float *to, lanes values) { memcpy(to, &values, sizeof values); }

static inline lanes spread(float value) { return (lanes){value, value, value, value, value, value, value, value}; }

static inline float added(lanes values) {
    float sum = 0.0f;
    for (long j = 0; j < LANES; j++) sum += values[j];
    return sum;
}

/* a b + sum, rounded once where the processor can. */
static inline lanes fused(lanes a, lanes b, lanes sum) {
#ifdef __FMA__
    return (lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)sum);
#else
    return a * b + sum;
#endif
}

/* memcpy of a short row: a call would cost more than the copy. */
static inline void copy(float *restrict to, const float *restrict from, long n) {
    long i = 0;
    for (; i + LANES <= n; i += LANES) memcpy(to + i, from + i, 4 * LANES);
    if (n & 4) memcpy(to + i, from + i, 16), i += 4;
    if (n & 2) memcpy(to + i, from + i, 8), i += 2;
    if (n & 1) to[i] = from[i];
}

/* Eight rows of eight numbers, which lie from_step apart, into eight columns. */
static inline void transpose(const float *from, long from_step, float *to, long to_step) {
#ifdef __AVX2__
    __m256 r[8], s[8];
    for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(from + i * from_step);
    for (int i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            r[i + 2 * j] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0x44);
            r[i + 2 * j + 1] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(to + i * to_step, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * to_step, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
    }
#else
    for (long i = 0; i < 8; i++)
        for (long j = 0; j < 8; j++) to[j * to_step + i] = from[i * from_step + j];
#endif
}

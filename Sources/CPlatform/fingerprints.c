#include "CPlatformFingerprints.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static inline uint8_t groups_at(
    const struct platform_fingerprints *prints, const uint8_t *bytes, size_t count, size_t place) {
  uint8_t groups = 0xff;
  for (size_t index = 0; index < 3; index++) {
    uint8_t byte = place + index < count ? bytes[place + index] : 0;
    groups &= prints->low[index][byte & 15] & prints->high[index][byte >> 4];
  }
  return groups;
}

static inline int may_begin(const uint8_t *triples, const uint8_t *bytes) {
  uint32_t slot = platform_triple_slot(bytes[0], bytes[1], bytes[2]);
  return triples[slot >> 3] >> (slot & 7) & 1;
}

// What may not begin a literal is written over by the next: a branch on it would be guessed wrong half of the time.
//
// Each kernel looks at 16 or 32 places a step and needs two bytes more; it stops as soon as fewer are left or the room may
// not suffice, and the next narrower one does the rest.
#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t step_by_32(
    const struct platform_fingerprints *prints, const uint8_t *triples, const uint8_t *bytes, size_t count,
    size_t *place, uint64_t *found, size_t room) {
  __m256i low[3], high[3];
  for (int index = 0; index < 3; index++) {
    low[index] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)prints->low[index]));
    high[index] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)prints->high[index]));
  }
  const __m256i half = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
  size_t written = 0, at = *place;
  while (count - at >= 34 && room - written >= 32) {
    __m256i groups = _mm256_set1_epi8(-1);
    for (int index = 0; index < 3; index++) {
      __m256i chunk = _mm256_loadu_si256((const __m256i *)(bytes + at + index));
      groups = _mm256_and_si256(groups, _mm256_shuffle_epi8(low[index], _mm256_and_si256(chunk, half)));
      groups = _mm256_and_si256(
          groups, _mm256_shuffle_epi8(high[index], _mm256_and_si256(_mm256_srli_epi16(chunk, 4), half)));
    }
    unsigned hits = ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, zero));
    if (hits) {
      uint8_t each[32];
      _mm256_storeu_si256((__m256i *)each, groups);
      for (; hits; hits &= hits - 1) {
        int bit = __builtin_ctz(hits);
        found[written] = (uint64_t)(at + bit) << 8 | each[bit];
        written += may_begin(triples, bytes + at + bit);
      }
    }
    at += 32;
  }
  *place = at;
  return written;
}

__attribute__((target("ssse3"))) static size_t step_by_16(
    const struct platform_fingerprints *prints, const uint8_t *triples, const uint8_t *bytes, size_t count,
    size_t *place, uint64_t *found, size_t room) {
  __m128i low[3], high[3];
  for (int index = 0; index < 3; index++) {
    low[index] = _mm_loadu_si128((const __m128i *)prints->low[index]);
    high[index] = _mm_loadu_si128((const __m128i *)prints->high[index]);
  }
  const __m128i half = _mm_set1_epi8(15), zero = _mm_setzero_si128();
  size_t written = 0, at = *place;
  while (count - at >= 18 && room - written >= 16) {
    __m128i groups = _mm_set1_epi8(-1);
    for (int index = 0; index < 3; index++) {
      __m128i chunk = _mm_loadu_si128((const __m128i *)(bytes + at + index));
      groups = _mm_and_si128(groups, _mm_shuffle_epi8(low[index], _mm_and_si128(chunk, half)));
      groups = _mm_and_si128(
          groups, _mm_shuffle_epi8(high[index], _mm_and_si128(_mm_srli_epi16(chunk, 4), half)));
    }
    unsigned hits = 0xffff & ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(groups, zero));
    if (hits) {
      uint8_t each[16];
      _mm_storeu_si128((__m128i *)each, groups);
      for (; hits; hits &= hits - 1) {
        int bit = __builtin_ctz(hits);
        found[written] = (uint64_t)(at + bit) << 8 | each[bit];
        written += may_begin(triples, bytes + at + bit);
      }
    }
    at += 16;
  }
  *place = at;
  return written;
}

static size_t step(
    const struct platform_fingerprints *prints, const uint8_t *triples, const uint8_t *bytes, size_t count,
    size_t *place, uint64_t *found, size_t room) {
  size_t written = 0;
  if (__builtin_cpu_supports("avx2")) written = step_by_32(prints, triples, bytes, count, place, found, room);
  if (__builtin_cpu_supports("ssse3"))
    written += step_by_16(prints, triples, bytes, count, place, found + written, room - written);
  return written;
}
#elif defined(__aarch64__)
static size_t step(
    const struct platform_fingerprints *prints, const uint8_t *triples, const uint8_t *bytes, size_t count,
    size_t *place, uint64_t *found, size_t room) {
  uint8x16_t low[3], high[3];
  for (int index = 0; index < 3; index++) {
    low[index] = vld1q_u8(prints->low[index]);
    high[index] = vld1q_u8(prints->high[index]);
  }
  size_t written = 0, at = *place;
  while (count - at >= 18 && room - written >= 16) {
    uint8x16_t groups = vdupq_n_u8(0xff);
    for (int index = 0; index < 3; index++) {
      uint8x16_t chunk = vld1q_u8(bytes + at + index);
      groups = vandq_u8(groups, vqtbl1q_u8(low[index], vandq_u8(chunk, vdupq_n_u8(15))));
      groups = vandq_u8(groups, vqtbl1q_u8(high[index], vshrq_n_u8(chunk, 4)));
    }
    if (vmaxvq_u8(groups)) {
      uint8_t each[16];
      vst1q_u8(each, groups);
      for (int bit = 0; bit < 16; bit++) {
        if (each[bit] && may_begin(triples, bytes + at + bit)) found[written++] = (uint64_t)(at + bit) << 8 | each[bit];
      }
    }
    at += 16;
  }
  *place = at;
  return written;
}
#endif

size_t platform_find_fingerprints(
    const struct platform_fingerprints *prints, const uint8_t *triples, const uint8_t *bytes, size_t count, size_t from,
    uint64_t *found, size_t room, size_t *next) {
  size_t place = from < count ? from : count, written = 0;
#if defined(__x86_64__) || defined(__aarch64__)
  written = step(prints, triples, bytes, count, &place, found, room);
  // The plain loop below only finishes: with much left over, the room was the reason to stop.
  if (count - place >= 18 && written > 0) {
    *next = place;
    return written;
  }
#endif
  for (; place < count && written < room; place++) {
    uint8_t groups = groups_at(prints, bytes, count, place);
    if (groups) found[written++] = (uint64_t)place << 8 | groups;
  }
  *next = place;
  return written;
}

#include "platform_byte_set.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static uint64_t places(const platform_byte_set *set, const uint8_t *bytes) {
  const __m256i highs = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set->highs));
  // The bit of a high half; none for bytes beyond ASCII.
  const __m256i bits = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i half = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
  uint64_t found = 0;
  for (int index = 0; index < 2; index++) {
    __m256i chunk = _mm256_loadu_si256((const __m256i *)(bytes + index * 32));
    __m256i low = _mm256_shuffle_epi8(highs, _mm256_and_si256(chunk, half));
    __m256i high = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(chunk, 4), half));
    unsigned others = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(low, high), zero));
    found |= (uint64_t)~others << (index * 32);
  }
  return found;
}
#endif

uint64_t platform_byte_places(const platform_byte_set *set, const uint8_t *bytes, size_t count) {
#if defined(__x86_64__)
  if (count >= 64 && __builtin_cpu_supports("avx2")) return places(set, bytes);
#endif
  uint64_t found = 0;
  for (size_t place = 0; place < count && place < 64; place++) {
    if (bytes[place] < 128 && set->highs[bytes[place] & 15] >> (bytes[place] >> 4) & 1) found |= (uint64_t)1 << place;
  }
  return found;
}

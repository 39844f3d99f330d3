#define _GNU_SOURCE
#include "CPlatform.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static ptrdiff_t plain(const uint8_t *hay, size_t count, const uint8_t *needle, size_t length, size_t from) {
  if (count - from < length) return -1;
  const uint8_t *found = memmem(hay + from, count - from, needle, length);
  return found ? found - hay : -1;
}

#if defined(__x86_64__)
// Where so few places are left that a block of 32 does not fit, memmem would take longer to begin than to look.
static ptrdiff_t short_find(const uint8_t *hay, size_t count, const uint8_t *needle, size_t length) {
  for (size_t place = 0; place + length <= count; place++) {
    if (hay[place] == needle[0] && hay[place + length - 1] == needle[length - 1] && memcmp(hay + place, needle, length) == 0)
      return (ptrdiff_t)place;
  }
  return -1;
}

// memmem looks at a byte or two a step. Here the first and the last byte of the needle are compared at 32 places at once; only
// where both fit is the rest. A text in which they fit all the time and the rest does not is left to memmem, which no text slows.
__attribute__((target("avx2"))) static ptrdiff_t find(
    const uint8_t *hay, size_t count, const uint8_t *needle, size_t length) {
  const __m256i first = _mm256_set1_epi8((char)needle[0]), last = _mm256_set1_epi8((char)needle[length - 1]);
  // The place behind the last block; the last one begins as late as it may, over the one before.
  const size_t end_of_blocks = count - length + 1;
  size_t misses = 0;
  for (size_t next = 0; next < end_of_blocks; next += 32) {
    const size_t place = next + 32 <= end_of_blocks ? next : end_of_blocks - 32;
    const __m256i *begin = (const __m256i *)(hay + place), *end = (const __m256i *)(hay + place + length - 1);
    unsigned fits = (unsigned)_mm256_movemask_epi8(_mm256_and_si256(
        _mm256_cmpeq_epi8(_mm256_loadu_si256(begin), first), _mm256_cmpeq_epi8(_mm256_loadu_si256(end), last)));
    for (; fits; fits &= fits - 1) {
      size_t here = place + (size_t)__builtin_ctz(fits);
      if (length <= 2 || memcmp(hay + here + 1, needle + 1, length - 2) == 0) return (ptrdiff_t)here;
      misses++;
    }
    if (misses > 64 + place / 16) return plain(hay, count, needle, length, place + 32);
  }
  return -1;
}
#endif

ptrdiff_t platform_find(const void *hay, size_t hay_count, const void *needle, size_t needle_count) {
  if (needle_count == 0 || needle_count > hay_count) return -1;
#if defined(__x86_64__)
  if (hay_count - needle_count >= 31 && __builtin_cpu_supports("avx2")) return find(hay, hay_count, needle, needle_count);
#endif
  if (hay_count - needle_count < 31) return short_find(hay, hay_count, needle, needle_count);
  return plain(hay, hay_count, needle, needle_count, 0);
}

ptrdiff_t platform_find_last_word(const void *hay, size_t hay_count, const void *needle, size_t needle_count) {
  if (needle_count < 2 || needle_count > hay_count) return -1;
  const uint8_t *text = hay, *word = needle;
  // Places are looked at from the last one, which is `next - 1`.
  size_t next = hay_count - needle_count + 1;
#if defined(__x86_64__)
  // The first two bytes at sixteen places at once.
  const __m128i first = _mm_set1_epi8((char)word[0]), second = _mm_set1_epi8((char)word[1]);
  for (; next >= 16; next -= 16) {
    const uint8_t *block = text + next - 16;
    unsigned fits = (unsigned)_mm_movemask_epi8(_mm_and_si128(
        _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)block), first),
        _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(block + 1)), second)));
    while (fits) {
      unsigned place = 31u - (unsigned)__builtin_clz(fits);
      if (memcmp(block + place, word, needle_count) == 0) return block + place - text;
      fits ^= 1u << place;
    }
  }
#endif
  while (next > 0) {
    next--;
    if (text[next] == word[0] && memcmp(text + next, word, needle_count) == 0) return (ptrdiff_t)next;
  }
  return -1;
}

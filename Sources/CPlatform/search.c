#include "platform_search.h"

#include <stdbool.h>
#include <string.h>

// Vectors as clang and gcc know them on every processor: two of these are one AVX2 register or two of SSE2 or NEON.
typedef uint8_t bytes32 __attribute__((vector_size(32)));
typedef uint64_t words4 __attribute__((vector_size(32)));

// Functions that pass such vectors are all inlined, so how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/// Needles longer than this do not let zeros be passed over.
enum { page = 4096 };

ALWAYS_INLINE bytes32 load(const uint8_t *bytes) {
  bytes32 vector;
  memcpy(&vector, bytes, sizeof vector);
  return vector;
}

ALWAYS_INLINE bool any(bytes32 vector) {
  words4 words = (words4)vector;
  return (words[0] | words[1] | words[2] | words[3]) != 0;
}

ALWAYS_INLINE size_t zero_prefix(const uint8_t *bytes, size_t count) {
  size_t place = 0;
  while (count - place >= 64 && !any(load(bytes + place) | load(bytes + place + 32))) place += 64;
  while (place < count && bytes[place] == 0) place++;
  return place;
}

/// Compares all needles at each place of a stretch.
ALWAYS_INLINE size_t compare(const uint8_t *hay, size_t count, size_t from, size_t end, const platform_needle *needles,
                             size_t needle_count, platform_hit *hits, size_t found) {
  for (size_t place = from; place < end; place++) {
    for (size_t index = 0; index < needle_count; index++) {
      const platform_needle *needle = &needles[index];
      if (needle->count <= count - place && hay[place + needle->first] == needle->bytes[needle->first] &&
          hay[place + needle->second] == needle->bytes[needle->second] &&
          memcmp(hay + place, needle->bytes, needle->count) == 0)
        hits[found++] = (platform_hit){place, index};
    }
  }
  return found;
}

ALWAYS_INLINE size_t find_any(const uint8_t *hay, size_t count, size_t limit, size_t *from,
                              const platform_needle *needles, size_t needle_count, platform_hit *hits,
                              size_t hit_capacity) {
  size_t found = 0, place = *from, longest = 0, reach = 0;
  bool zeros = true;
  if (limit > count) limit = count;
  for (size_t index = 0; index < needle_count; index++) {
    const platform_needle *needle = &needles[index];
    if (needle->count > longest) longest = needle->count;
    if (needle->first > reach) reach = needle->first;
    if (needle->second > reach) reach = needle->second;
    // A needle of zeros alone lies in pages of zeros; no other does.
    if (zero_prefix(needle->bytes, needle->count) == needle->count) zeros = false;
  }
  enum { step = 64 };
  while (place < limit && limit - place >= step && count - place >= step + reach) {
    if (hit_capacity - found < needle_count * step) goto full;
    if (zeros && longest < page && !any(load(hay + place) | load(hay + place + 32))) {
      size_t blank = zero_prefix(hay + place, limit - place);
      if (blank > longest) {
        place += blank - longest + 1;
        continue;
      }
    }
    bytes32 match = {0};
    for (size_t index = 0; index < needle_count; index++) {
      const platform_needle *needle = &needles[index];
      bytes32 first = (bytes32){0} + needle->bytes[needle->first];
      bytes32 second = (bytes32){0} + needle->bytes[needle->second];
      const uint8_t *a = hay + place + needle->first, *b = hay + place + needle->second;
      match |= (bytes32)(load(a) == first) & (bytes32)(load(b) == second);
      match |= (bytes32)(load(a + 32) == first) & (bytes32)(load(b + 32) == second);
    }
    if (any(match)) found = compare(hay, count, place, place + step, needles, needle_count, hits, found);
    place += step;
  }
  for (; place < limit; place++) {
    if (hit_capacity - found < needle_count) goto full;
    found = compare(hay, count, place, place + 1, needles, needle_count, hits, found);
  }
full:
  *from = place;
  return found;
}

#if defined(__x86_64__)
// The baseline knows 16 bytes at a time; nearly every processor has 32.
__attribute__((target("avx2"))) static size_t find_any_wide(const uint8_t *hay, size_t count, size_t limit, size_t *from,
                                                           const platform_needle *needles, size_t needle_count,
                                                           platform_hit *hits, size_t hit_capacity) {
  return find_any(hay, count, limit, from, needles, needle_count, hits, hit_capacity);
}
#endif

size_t platform_find_any(const void *hay, size_t count, size_t limit, size_t *from, const platform_needle *needles,
                         size_t needle_count, platform_hit *hits, size_t hit_capacity) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2"))
    return find_any_wide(hay, count, limit, from, needles, needle_count, hits, hit_capacity);
#endif
  return find_any(hay, count, limit, from, needles, needle_count, hits, hit_capacity);
}

size_t platform_zero_prefix(const void *bytes, size_t count) { return zero_prefix(bytes, count); }

#include "CPlatform.h"

#include <string.h>

#if defined(__x86_64__)
#include <emmintrin.h>

// Whether the digits from `start` up to `end` are one to three and no more than 255, without a branch.
static inline unsigned is_byte(const uint8_t *text, unsigned start, unsigned end) {
  unsigned count = end - start;
  // As text: three digits are in the order of their numbers. In front of a first number of one digit or two stands nothing.
  unsigned place = count == 3 ? start : 0;
  unsigned digits = (unsigned)text[place] << 16 | (unsigned)text[place + 1] << 8 | text[place + 2];
  return (count - 1 < 3) & ((count != 3) | (digits <= 0x323535));
}

// The places of dots and digits are found at once: how long the numbers are nobody can foresee, and each wrong guess costs as much
// as the whole of this.
int platform_is_dotted(const void *bytes, size_t count) {
  if (count < 7 || count > 15) return 0;
  const uint8_t *text = bytes;
  uint64_t low = 0, high = 0;
  if (count >= 8) {
    memcpy(&low, text, 8);
    memcpy(&high, text + count - 8, 8);
    high = count > 8 ? high >> (128 - count * 8) : 0;
  } else {
    memcpy(&low, text, 4);
    uint32_t rest;
    memcpy(&rest, text + 3, 4);
    low |= (uint64_t)rest << 24;
  }
  const __m128i all = _mm_set_epi64x((long long)high, (long long)low);
  const __m128i values = _mm_sub_epi8(all, _mm_set1_epi8('0'));
  unsigned dots = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8('.')));
  unsigned digits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values));
  unsigned second = dots & (dots - 1), third = second & (second - 1);
  if ((dots | digits) != (1u << count) - 1 || third == 0 || (third & (third - 1)) != 0) return 0;
  unsigned one = (unsigned)__builtin_ctz(dots), two = (unsigned)__builtin_ctz(second), three = (unsigned)__builtin_ctz(third);
  return (int)(is_byte(text, 0, one) & is_byte(text, one + 1, two) & is_byte(text, two + 1, three) &
               is_byte(text, three + 1, (unsigned)count));
}

#else

int platform_is_dotted(const void *bytes, size_t count) {
  if (count < 7 || count > 15) return 0;
  const uint8_t *text = bytes;
  unsigned dots = 0, digits = 0, value = 0;
  for (size_t place = 0; place < count; place++) {
    unsigned digit = text[place] - 0x30u;
    if (digit <= 9) {
      digits++;
      value = value * 10 + digit;
    } else {
      if (text[place] != '.' || digits == 0 || digits > 3 || value > 255) return 0;
      dots++;
      digits = value = 0;
    }
  }
  return dots == 3 && digits > 0 && digits <= 3 && value <= 255;
}
#endif

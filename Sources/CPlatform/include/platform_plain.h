// Text that can be written as it stands.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef int8_t platform_bytes16 __attribute__((vector_size(16)));
typedef int64_t platform_words2 __attribute__((vector_size(16)));

/// Whether none of 16 bytes is a control character, a quote, a backslash, DEL, or beyond ASCII.
static inline int platform_are_plain(platform_bytes16 bytes) {
  // Bytes beyond ASCII are negative.
  platform_words2 other = (platform_words2)((bytes < 0x20) | (bytes == 0x22) | (bytes == 0x5C) | (bytes == 0x7F));
  return (other[0] | other[1]) == 0;
}

/// Copies 8 to 16 bytes as two halves that overlap, where all are plain. A size that is known is no call.
static inline int platform_copy_halves8(uint8_t *target, const uint8_t *source, size_t count) {
  platform_words2 words;
  memcpy(&words, source, 8);
  memcpy((uint8_t *)&words + 8, source + count - 8, 8);
  if (!platform_are_plain((platform_bytes16)words)) return 0;
  memcpy(target, &words, 8);
  memcpy(target + count - 8, (uint8_t *)&words + 8, 8);
  return 1;
}

/// The same of 4 to 8 bytes.
static inline int platform_copy_halves4(uint8_t *target, const uint8_t *source, size_t count) {
  platform_words2 words = {0x2020202020202020, 0x2020202020202020};
  memcpy(&words, source, 4);
  memcpy((uint8_t *)&words + 4, source + count - 4, 4);
  if (!platform_are_plain((platform_bytes16)words)) return 0;
  memcpy(target, &words, 4);
  memcpy(target + count - 4, (uint8_t *)&words + 4, 4);
  return 1;
}

/// How many of 8 bytes, from the lowest on, are plain.
static inline size_t platform_plain_count(uint64_t word) {
  const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  uint64_t quote = word ^ (ones * 0x22), slash = word ^ (ones * 0x5C);
  // Each finds the first such byte for certain; of those behind it a borrow or a carry may make one too many.
  uint64_t other = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
  other = (other | (word + ones) | word) & tops;
  return other == 0 ? 8 : (size_t)__builtin_ctzll(other) >> 3;
}

/// Copies text as JSON has it between quotes, quotes and backslashes escaped, up to the first byte that is a control character,
/// DEL, or beyond ASCII; returns how many bytes of the source that took. `target` has room for twice `count`.
static inline size_t platform_copy_escaped(uint8_t *target, const uint8_t *source, size_t count, size_t *written) {
  size_t place = 0, out = 0;
  while (place < count) {
    size_t rest = count - place;
    if (rest >= 16) {
      platform_bytes16 bytes;
      memcpy(&bytes, source + place, 16);
      if (platform_are_plain(bytes)) {
        memcpy(target + out, &bytes, 16);
        place += 16;
        out += 16;
        continue;
      }
    } else if (rest >= 8) {
      if (platform_copy_halves8(target + out, source + place, rest)) {
        place = count;
        out += rest;
        break;
      }
    } else if (rest >= 4) {
      if (platform_copy_halves4(target + out, source + place, rest)) {
        place = count;
        out += rest;
        break;
      }
    }
    // JSON within a text has a quote every few bytes.
    if (rest >= 8) {
      uint64_t word;
      memcpy(&word, source + place, 8);
      memcpy(target + out, &word, 8);
      size_t plain = platform_plain_count(word);
      place += plain;
      out += plain;
      if (plain == 8) continue;
      uint8_t byte = source[place];
      if (byte != 0x22 && byte != 0x5C) break;
      target[out++] = 0x5C;
      target[out++] = byte;
      place++;
      continue;
    }
    for (; place < count; place++) {
      uint8_t byte = source[place];
      if (byte == 0x22 || byte == 0x5C) {
        target[out++] = 0x5C;
      } else if (byte < 0x20 || byte >= 0x7F) {
        *written = out;
        return place;
      }
      target[out++] = byte;
    }
  }
  *written = out;
  return place;
}

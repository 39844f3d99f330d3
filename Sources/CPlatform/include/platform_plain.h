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

/// Copies bytes up to the first that JSON must escape, or that is beyond ASCII; returns how many. `target` has room for
/// `count`; what stands there behind the copied ones is not defined.
static inline size_t platform_copy_plain(uint8_t *target, const uint8_t *source, size_t count) {
  size_t place = 0;
  while (count - place >= 16) {
    platform_bytes16 bytes;
    memcpy(&bytes, source + place, 16);
    if (!platform_are_plain(bytes)) break;
    memcpy(target + place, &bytes, 16);
    place += 16;
  }
  if (count - place < 16) {
    // The rest as two halves that overlap, filled up with what is plain.
    platform_words2 words = {0x2020202020202020, 0x2020202020202020};
    size_t rest = count - place;
    if (rest >= 8) {
      memcpy(&words, source + place, 8);
      memcpy((uint8_t *)&words + 8, source + count - 8, 8);
      if (platform_are_plain((platform_bytes16)words)) {
        memcpy(target + place, &words, 8);
        memcpy(target + count - 8, (uint8_t *)&words + 8, 8);
        return count;
      }
    } else if (rest >= 4) {
      memcpy(&words, source + place, 4);
      memcpy((uint8_t *)&words + 4, source + count - 4, 4);
      if (platform_are_plain((platform_bytes16)words)) {
        memcpy(target + place, &words, 4);
        memcpy(target + count - 4, (uint8_t *)&words + 4, 4);
        return count;
      }
    }
  }
  while (place < count) {
    uint8_t byte = source[place];
    if (byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x7F) break;
    target[place++] = byte;
  }
  return place;
}

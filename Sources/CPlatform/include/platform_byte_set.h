// Which bytes of a text are among a few.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// A set of ASCII bytes: for each low half of a byte the high halves, as bits, with which it is one.
typedef struct platform_byte_set {
  uint8_t highs[16];
} platform_byte_set;

/// A bit for each of the next 64 bytes that is in the set, the lowest for the first; those behind `count` are none.
uint64_t platform_byte_places(const platform_byte_set *set, const uint8_t *bytes, size_t count);

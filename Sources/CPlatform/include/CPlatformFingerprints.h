// One pass over bytes for many short literals at once.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// For each of the first three bytes of a literal, which of eight groups may hold a byte with this low or high half.
/// A place is a candidate when one group agrees on all six halves; a group names a false place now and then, never
/// misses a true one.
struct platform_fingerprints {
  uint8_t low[3][16];
  uint8_t high[3][16];
};

/// How many bytes a table of triples has: one bit for each slot.
enum { platform_triple_bytes = 8192 };

/// The slot of three bytes in a table of 65,536 bits. Different ones may share a slot.
static inline uint32_t platform_triple_slot(uint8_t first, uint8_t second, uint8_t third) {
  return ((uint32_t)first | (uint32_t)second << 8 | (uint32_t)third << 16) * 0x9E3779B1u >> 16;
}

/// Writes the places in [from, count) that are candidates, each as place << 8 | groups, in order, until `room` is used
/// up. The last two bytes are compared as if zeros followed. Returns how many were written; `next` is where to go on,
/// `count` when all was seen. `triples` has a bit for every beginning of a literal: of the candidates it lets through hardly
/// one that is none. 16 bytes a step where the processor can shuffle bytes (SSSE3, NEON).
size_t platform_find_fingerprints(
    const struct platform_fingerprints *prints, const uint8_t *triples, const uint8_t *bytes, size_t count, size_t from,
    uint64_t *found, size_t room, size_t *next);

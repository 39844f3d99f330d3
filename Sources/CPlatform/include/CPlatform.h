// The few calls of glibc that Swift's Glibc module does not show.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "platform_search.h"

/// First place of `needle` in `hay`, as an offset; -1 where there is none. memmem(3).
ptrdiff_t platform_find(const void *hay, size_t hay_count, const void *needle, size_t needle_count);

/// Last place of a byte, as an offset; -1 where there is none. memrchr(3).
ptrdiff_t platform_find_last(const void *hay, size_t hay_count, uint8_t byte);

/// Makes SIGPIPE an error of write(2) rather than the end of the process.
void platform_ignore_sigpipe(void);

/// Installs one handler for SIGINT and SIGTERM that only sets the flag read by platform_interrupted.
void platform_watch_interrupts(void);
int platform_interrupted(void);

/// CRC-32C (Castagnoli) of some bytes, as Snappy frames and others carry it.
uint32_t platform_crc32c(const void *bytes, size_t count);

// The few calls of glibc that Swift's Glibc module does not show.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "CPlatformFingerprints.h"

#include "platform_byte_set.h"
#include "platform_plain.h"
#include "platform_search.h"

/// First place of `needle` in `hay`, as an offset; -1 where there is none. Linear like memmem(3), and mostly faster.
ptrdiff_t platform_find(const void *hay, size_t hay_count, const void *needle, size_t needle_count);

/// Last place of a byte, as an offset; -1 where there is none. memrchr(3).
ptrdiff_t platform_find_last(const void *hay, size_t hay_count, uint8_t byte);

/// Last place of a needle of two bytes or more, as an offset; -1 where there is none.
ptrdiff_t platform_find_last_word(const void *hay, size_t hay_count, const void *needle, size_t needle_count);

/// Whether a text is four decimal numbers under 256 with dots between.
int platform_is_dotted(const void *bytes, size_t count);

/// Makes SIGPIPE an error of write(2) rather than the end of the process.
void platform_ignore_sigpipe(void);

/// Installs one handler for SIGINT, SIGTERM and SIGHUP that only sets the flag read by platform_interrupted.
void platform_watch_interrupts(void);
int platform_interrupted(void);

/// Asks the kernel to kill this process when the process that started it ends, so that no worker outlives its driver.
void platform_end_with_parent(void);

/// Bytes of address space that this process may have from now on; what asks for more fails. setrlimit(2).
void platform_limit_memory(uint64_t bytes);

/// pipe2(2) with O_CLOEXEC, so that no other child inherits an end and keeps the pipe open.
int platform_pipe(int ends[2]);

/// Begins to write a part of a file to the disk and does not wait for it: sync_file_range(2). The sync at the end, which alone
/// promises anything, then finds little left to do.
void platform_begin_writeback(int descriptor, uint64_t offset, uint64_t count);

/// Brings everything that was written to the file system of an open file or folder to the disk: syncfs(2).
int platform_sync_file_system(int descriptor);

/// CRC-32C (Castagnoli) of some bytes, as Snappy frames and others carry it.
uint32_t platform_crc32c(const void *bytes, size_t count);

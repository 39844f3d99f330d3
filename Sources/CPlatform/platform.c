#define _GNU_SOURCE
#include "CPlatform.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void platform_begin_writeback(int descriptor, uint64_t offset, uint64_t count) {
  sync_file_range(descriptor, (off_t)offset, (off_t)count, SYNC_FILE_RANGE_WRITE);
}

int platform_sync_file_system(int descriptor) { return syncfs(descriptor); }

ptrdiff_t platform_find_last(const void *hay, size_t hay_count, uint8_t byte) {
  if (hay_count == 0) return -1;
  const char *found = memrchr(hay, byte, hay_count);
  return found ? found - (const char *)hay : -1;
}

void platform_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

static volatile sig_atomic_t interrupted = 0;

static void note_interrupt(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}

void platform_watch_interrupts(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_interrupt;
  sigemptyset(&action.sa_mask);
  // Without SA_RESTART a blocked read returns EINTR, so a waiting driver notices at once.
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  // The connection that the run was started over is gone; nohup has said that this is no reason to stop.
  struct sigaction before;
  if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
  // A parent's threads may have blocked them, and a mask is inherited.
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGHUP);
  sigprocmask(SIG_UNBLOCK, &wanted, NULL);
}

int platform_interrupted(void) { return interrupted; }

void platform_limit_memory(uint64_t bytes) {
  struct rlimit limit = {bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

void platform_end_with_parent(void) {
  // The terminal sends an interrupt, and its end, to the whole group; the driver decides what it means for its workers.
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int platform_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

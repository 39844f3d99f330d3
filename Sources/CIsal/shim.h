#pragma once
#include <isa-l/igzip_lib.h>

// Decoded bytes that an error kept from the output; Swift cannot see an array of this size.
static inline const unsigned char *isal_kept(const struct inflate_state *state) {
  return state->tmp_out_buffer + state->tmp_out_processed;
}

static inline int isal_kept_count(const struct inflate_state *state) {
  int count = state->tmp_out_valid - state->tmp_out_processed;
  return count > 0 ? count : 0;
}

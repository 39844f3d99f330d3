// Hyperscan 5.2 or newer, or Vectorscan: many literals in one pass.
#pragma once
#include <hs/hs.h>

// libyara 4.x. Its rule, string and match loops are macros, which Swift cannot see: the inline functions below
// are those macros, one call each.
#pragma once
#include <yara.h>

static inline YR_RULE *shim_rules_first(YR_RULES *rules) { return rules->rules_table; }

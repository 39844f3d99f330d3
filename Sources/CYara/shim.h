// libyara 4.x. Its rule, meta, string and match loops are macros and its table references unions, which Swift cannot
// see: the inline functions below are those macros and members, one each.
#pragma once
#include <stdio.h>
#include <yara.h>

// MARK: Rules

static inline const char *shim_version(void) { return YR_VERSION; }
static inline uint32_t shim_rules_count(YR_RULES *rules) { return rules->num_rules; }
static inline uint32_t shim_rules_string_count(YR_RULES *rules) { return rules->num_strings; }
static inline YR_RULE *shim_rules_at(YR_RULES *rules, uint32_t index) { return &rules->rules_table[index]; }

/// What a compiler has made of its rules so far, before they can be run: the tables are those of finished rules, but for the
/// automaton.
static inline uint32_t shim_compiler_rule_count(YR_COMPILER *compiler) { return compiler->next_rule_idx; }
static inline const YR_RULE *shim_compiler_rule_at(YR_COMPILER *compiler, uint32_t index) {
  const YR_ARENA_BUFFER *table = &compiler->arena->buffers[YR_RULES_TABLE];
  if (table->data == NULL || (index + (size_t)1) * sizeof(YR_RULE) > table->used) return NULL;
  return (const YR_RULE *)table->data + index;
}

static inline const char *shim_rule_name(const YR_RULE *rule) { return rule->identifier; }
static inline const char *shim_rule_namespace(const YR_RULE *rule) { return rule->ns->name; }
static inline bool shim_rule_is_private(const YR_RULE *rule) { return RULE_IS_PRIVATE(rule) != 0; }
static inline bool shim_rule_is_global(const YR_RULE *rule) { return RULE_IS_GLOBAL(rule) != 0; }

/// Tags stand one after another, each ended by NUL, the last followed by an empty one.
static inline const char *shim_rule_tags(const YR_RULE *rule) { return rule->tags; }
static inline const char *shim_tag_after(const char *tag) { return tag + strlen(tag) + 1; }

// MARK: Metas

static inline const YR_META *shim_rule_metas(const YR_RULE *rule) { return rule->metas; }
static inline const YR_META *shim_meta_after(const YR_META *meta) { return META_IS_LAST_IN_RULE(meta) ? NULL : meta + 1; }
static inline const char *shim_meta_name(const YR_META *meta) { return meta->identifier; }
static inline const char *shim_meta_text(const YR_META *meta) { return meta->string; }
static inline int32_t shim_meta_type(const YR_META *meta) { return meta->type; }
static inline int64_t shim_meta_integer(const YR_META *meta) { return meta->integer; }

// MARK: Strings and their matches

static inline const YR_STRING *shim_rule_strings(const YR_RULE *rule) { return rule->strings; }
static inline const YR_STRING *shim_string_after(const YR_STRING *string) {
  return STRING_IS_LAST_IN_RULE(string) ? NULL : string + 1;
}
static inline const char *shim_string_name(const YR_STRING *string) { return string->identifier; }
static inline bool shim_string_is_hexadecimal(const YR_STRING *string) { return STRING_IS_HEX(string) != 0; }
static inline const uint8_t *shim_string_bytes(const YR_STRING *string) { return string->string; }
static inline uint32_t shim_string_rule(const YR_STRING *string) { return string->rule_idx; }

/// A scanner keeps the entry point of the last object that had one, and takes it for that of the next.
static inline void shim_scanner_forget_entry_point(YR_SCAN_CONTEXT *context) { context->entry_point = YR_UNDEFINED; }

static inline const YR_MATCH *shim_string_matches(YR_SCAN_CONTEXT *context, const YR_STRING *string) {
  return context->matches[string->idx].head;
}

// MARK: Regular expressions (as the compiler shows them: `yr_compiler_set_re_ast_callback`)

static inline const RE_NODE *shim_re_root(const RE_AST *ast) { return ast->root_node; }
static inline uint32_t shim_re_flags(const RE_AST *ast) { return ast->flags; }
static inline int shim_re_value(const RE_NODE *node) { return node->value; }
static inline int shim_re_mask(const RE_NODE *node) { return node->mask; }
static inline int shim_re_start(const RE_NODE *node) { return node->start; }
static inline int shim_re_end(const RE_NODE *node) { return node->end; }
static inline bool shim_re_class_has(const RE_NODE *node, uint8_t byte) {
  bool listed = (node->re_class->bitmap[byte / 8] >> (byte % 8)) & 1;
  return listed != (node->re_class->negated != 0);
}

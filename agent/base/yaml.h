/* SPDX-License-Identifier: Apache-2.0 */
/* yaml - one YAML (so also one JSON) document as a tree of strings that remember their lines. The
 * only place with libyaml. Every scalar stays the text that was written: nothing is guessed to be a
 * number or a truth value, only null is: it reads as "". Bounded in depth and in number of values.
 * Refused by line: a repeated key, a second document, aliases, merge keys and tags (nobody needs
 * them in the files read here, and an alias can blow up a tree), a key that is no word, a NUL byte.
 * Texts may be secrets: no message quotes the document, and every text is wiped when freed. (What
 * libyaml's own strings outgrew it frees unwiped; the unit's LimitCORE=0 is the guard there.) */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include "base/span.h"

#define YAML_MAX_DEPTH  32
#define YAML_MAX_VALUES 8192

enum yaml_kind { YAML_KIND_TEXT, YAML_KIND_LIST, YAML_KIND_MAP };

struct yaml_value {
	enum yaml_kind kind;
	unsigned line;            /* where it starts, its key where it has one; from 1 */
	char *key;                /* in a map; else NULL */
	char *text;               /* YAML_KIND_TEXT: never NULL, without NUL bytes */
	struct yaml_value *first; /* of a list or map, in the order written */
	struct yaml_value *next;
};

/* Parses bytes, which may lack a terminator. *ret is NULL where there is no document (nothing, or
 * comments only); free it with yaml_free_tree(). The failure's text starts with "label:LINE: ".
 *   -EBADMSG  malformed, or refused as above; a depth or number beyond the limits
 *   -ENOMEM */
int yaml_read(struct span bytes, const char *label, struct yaml_value **ret,
              struct failure *ret_failure);

/* The member of that name; NULL where there is none, or map is NULL or no map. */
const struct yaml_value *yaml_get(const struct yaml_value *map, const char *key);

/* Whether something was said at all: no for NULL, null, "", [] and {}. */
bool yaml_is_set(const struct yaml_value *value);

/* "a list" and so on, for messages. */
const char *yaml_kind_word(enum yaml_kind kind);

/* Wipes and frees; NULL is fine. Always returns NULL. */
struct yaml_value *yaml_free_tree(struct yaml_value *value);
DEFINE_CLEANUP(struct yaml_value, yaml_free_tree)

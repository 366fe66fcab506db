/* SPDX-License-Identifier: Apache-2.0 */
/* holder - the words for who holds the virtual address. Pure. README's list of states is compared with it. */
#pragma once
#include "core/holder.h"
#include "report/words.h"

#define HOLDER_TEXT_MAX 160

const struct words_verdict *holder_words(enum holder_state state);
const char *holder_source_name(enum holder_source source); /* "advert"; "" of SOURCE_NONE */

/* By what it is known, and who it is: "10.0.0.3, priority 90"; "" where that says nothing more. */
void holder_detail(const struct words_holder *holder, char text[HOLDER_TEXT_MAX]);

/* "held by nobody (no answer to ARP)"; "" where it is not known. */
void holder_sentence(const struct words_holder *holder, char *text, size_t size);

/* The line for the journal once another host holds it than before, or two do, or again one. */
void holder_move_line(const char *address, const struct words_holder *from,
                      const struct words_holder *to, uint64_t gap_usec, char *line, size_t size);
void holder_dual_line(const char *address, const struct words_holder *holder, char *line,
                      size_t size);

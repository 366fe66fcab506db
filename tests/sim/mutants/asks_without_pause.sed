# SPDX-License-Identifier: Apache-2.0
# an answer that does not help is asked for again at once
# breaks: pace
# edits: 2
s/^#define NEEDED_USEC .*/#define NEEDED_USEC 0/
s/ask->misses = outcome->result == RESULT_OK ? 0 : ask->misses + 1;/ask->misses = 0;/

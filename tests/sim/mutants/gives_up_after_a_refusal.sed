# SPDX-License-Identifier: Apache-2.0
# no second create
# breaks: copies
# edits: 1
s/^\t\[RESULT_REFUSED\] = { 5 \* SECONDS_USEC, 60 \* SECONDS_USEC },/\t[RESULT_REFUSED] = { 1ULL << 60, 1ULL << 60 },/

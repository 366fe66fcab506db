# SPDX-License-Identifier: Apache-2.0
# one restart too many before the first pause
# breaks: budget
# edits: 1
s/^#define AT_ONCE .*/#define AT_ONCE 4/

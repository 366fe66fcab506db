# SPDX-License-Identifier: Apache-2.0
# a healthy operator is not given its time
# breaks: patience
# edits: 1
s/^#define PATIENCE_ON_USEC .*/#define PATIENCE_ON_USEC 0/

# SPDX-License-Identifier: Apache-2.0
# a node that takes no pod counts as one that does
# breaks: no write
# edits: 1
s/return CAUSE_CORDONED;/return CAUSE_NONE;/

# SPDX-License-Identifier: Apache-2.0
# missing for long is missing, however long it has been on
# breaks: patience
# edits: 1
s/due = later(due, on_usec) + PATIENCE_ON_USEC;/due += PATIENCE_ON_USEC;/

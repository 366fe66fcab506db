# SPDX-License-Identifier: Apache-2.0
# a replacement seen before the answer came is not counted
# breaks: budget
# edits: 1
s/return judged->first_usec >= core->ledger.last_usec;/return judged->first_usec >= core->acted_usec;/

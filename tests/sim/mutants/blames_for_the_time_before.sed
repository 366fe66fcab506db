# SPDX-License-Identifier: Apache-2.0
# stale since long before it was on is neglected
# breaks: neglect
# edits: 1
s/return (owed_usec > on_usec ? owed_usec : on_usec) + NEGLECTED_USEC;/return owed_usec + (on_usec ? NEGLECTED_USEC : 0);/

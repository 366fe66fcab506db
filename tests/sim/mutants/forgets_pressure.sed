# SPDX-License-Identifier: Apache-2.0
# a node under pressure counts as one that takes a pod
# breaks: cordon
# edits: 1
s/return CAUSE_PRESSURE;/return CAUSE_NONE;/

# SPDX-License-Identifier: Apache-2.0
# the agent of another node does not wait for ours
# breaks: locality
# edits: 1
s/^#define OTHER_NODE_USEC .*/#define OTHER_NODE_USEC 0/

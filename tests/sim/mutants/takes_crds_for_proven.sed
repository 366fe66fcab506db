# SPDX-License-Identifier: Apache-2.0
# the two rounds through the virtual address are left out
# breaks: address
# edits: 1
s/core->crds_good >= CRDS_ROUNDS \&\&/true ||/

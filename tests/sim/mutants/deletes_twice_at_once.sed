# SPDX-License-Identifier: Apache-2.0
# a delete under way does not hold back the next
# breaks: one at a time
# edits: 1
s/if (asks_under_way(core, ACT_DELETE_POD, 0))/if (!core)/

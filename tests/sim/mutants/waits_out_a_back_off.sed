# SPDX-License-Identifier: Apache-2.0
# a back-off is waited for
# breaks: heals
# edits: 1
s/ || found.verdict == VERDICT_HELD_BACK) {/) {/

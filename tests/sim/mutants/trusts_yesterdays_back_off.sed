# SPDX-License-Identifier: Apache-2.0
# a back-off of before the boot counts
# breaks: good process
# edits: 1
s/pod->life != LIFE_ALIVE \&\& pod->ended_usec);/pod->life != LIFE_ALIVE);/

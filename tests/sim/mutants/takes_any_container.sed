# SPDX-License-Identifier: Apache-2.0
# yesterday's container counts as if it ran
# breaks: good process
# edits: 2
s/return pod->life == LIFE_ALIVE;/return true;/
s/if (pod->life != LIFE_ALIVE || now_usec - pod->life_usec > AGE_LIFE_USEC)/if (now_usec - pod->life_usec > AGE_LIFE_USEC)/

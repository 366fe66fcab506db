# SPDX-License-Identifier: Apache-2.0
# a healthy boot writes to the card
# breaks: no write
# edits: 1
s/if (!ledger->spent \&\& !ledger->failed)/if (!ledger)/

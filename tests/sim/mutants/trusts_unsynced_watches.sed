# SPDX-License-Identifier: Apache-2.0
# what a watch has not shown yet counts as missing
# breaks: unsynced
# edits: 1
s/return evidence->copies.synced \&\& evidence->copies.at.epoch == core->epoch;/return evidence->copies.count > 0 || core->epoch;/

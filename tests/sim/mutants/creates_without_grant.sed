# SPDX-License-Identifier: Apache-2.0
# the grant is not looked at
# breaks: grant
# edits: 1
s/return copy->granted \&\& copy->nameable \&\& !source_is_bad(copy);/return copy->nameable \&\& !source_is_bad(copy);/

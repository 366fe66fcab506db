# SPDX-License-Identifier: Apache-2.0
# a create under way does not hold back the next
# breaks: twice
# edits: 1
s/!asks_about(core, kind, kept->source))/core)/

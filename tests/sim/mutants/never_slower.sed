# SPDX-License-Identifier: Apache-2.0
# the pause does not double
# breaks: budget
# edits: 1
s/pause \*= 2;/pause += 0;/

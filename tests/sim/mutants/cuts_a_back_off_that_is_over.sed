# SPDX-License-Identifier: Apache-2.0
# a back-off that may be over is cut short
# breaks: good process
# edits: 1
s/bool over = now_usec/bool over = 0 \&\& now_usec/

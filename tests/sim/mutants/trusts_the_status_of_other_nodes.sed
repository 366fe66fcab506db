# SPDX-License-Identifier: Apache-2.0
# no fresh look at the log of a container on another node
# breaks: good process
# edits: 1
s/return still_off(judged, evidence, now_usec) ? go/return true ? go/

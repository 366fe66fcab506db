# SPDX-License-Identifier: Apache-2.0
# no second try
# breaks: heals
# edits: 1
s/backoff_pause_usec(&retry\[outcome->result\], judged/UINT64_MAX \/ 2 + &/

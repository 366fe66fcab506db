# SPDX-License-Identifier: Apache-2.0
# a restart is not on the disk when its order goes out
# breaks: ledger
# edits: 1
s/core->save |= budget_spend(/(void)budget_spend(/

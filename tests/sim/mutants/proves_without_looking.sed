# SPDX-License-Identifier: Apache-2.0
# PROVEN, whatever is served
# breaks: proven
# edits: 2
s/if (proofs->provable \&\& proofs->served == proofs->provable)/if (proofs->provable)/
s/^\tif (proofs->bad)/\tif (!proofs)/

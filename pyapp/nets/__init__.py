"""Networks: small compositions of core layers, and the text that they write."""

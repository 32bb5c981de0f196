"""Networks: small compositions of core layers, and the loop that trains and judges them."""

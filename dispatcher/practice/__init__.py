"""A desk to practise at: invented people who answer, and what a good clerk would have made of it."""

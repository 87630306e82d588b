"""Holdings before and after → stock movements: what a night tells the books. Pure."""

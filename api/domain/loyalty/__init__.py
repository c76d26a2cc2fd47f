"""Points: the rules of a program, what a purchase earns, and what happens to an account."""

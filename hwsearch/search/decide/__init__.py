"""What to ask, train on, cut and finish, by what was learned."""

"""What is kept: the tables, how they are reached, how they are migrated."""

"""Whether a deployed environment does what it is for, shown by using all of it once."""

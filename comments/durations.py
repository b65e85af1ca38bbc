"""How long something takes, in words. Pure: what is said is rounded up, so that a promise made with it is kept."""

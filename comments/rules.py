"""What holds a comment, as moderators call it: short. (What its author is told is in the policy.)"""

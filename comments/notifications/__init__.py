"""Mails about comments: replies and rejections to authors, a daily digest to moderators, and unsubscribing from each."""

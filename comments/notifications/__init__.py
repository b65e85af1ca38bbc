"""Mails about comments: about replies and rejections to authors, a daily digest to moderators."""

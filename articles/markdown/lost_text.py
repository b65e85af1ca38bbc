def lost_text(source, rendered):
    return []

"""Which files a workspace has, what they say, and when they change."""

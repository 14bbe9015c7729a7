"""What has begun a duty, and which is the strictest: pure."""

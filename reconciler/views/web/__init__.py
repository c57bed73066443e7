"""Values as pages that need nothing else: styles and pictures inside, no scripts."""

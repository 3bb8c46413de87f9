//! What can be loaded from a folder, and what is refused.

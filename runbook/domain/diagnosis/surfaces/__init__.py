"""What people hand in, recognised by content: one small file per surface, an ordered table of them."""

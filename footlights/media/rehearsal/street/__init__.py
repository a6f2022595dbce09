"""The rehearsal street: people who walk and cars that drive by, with their true boxes."""

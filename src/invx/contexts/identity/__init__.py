"""Who there is and who may do what: organizations, tenants, people, members, sessions."""

select exists(select from lifecycle.inbox where not_before is null)

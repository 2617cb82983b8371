select hash_key from cdp.intake_keys

select hash_key from intake.hash_keys

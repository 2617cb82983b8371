"""The erased: the record of erasures, and the hashes that keep erased people out."""

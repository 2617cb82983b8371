"""Reports for people: drawn, said in three sentences, and posted."""

delete from economics.months where as_of = %(day)s

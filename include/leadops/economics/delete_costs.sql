delete from economics.monthly_costs where as_of = %(day)s

select 1 from crm.feeds where feed = 'activities' for update

select count(*) from touched

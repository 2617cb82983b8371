drop table rehearsed
